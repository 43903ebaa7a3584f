import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TokenResult } from '../../src/contracts.ts';
import { createManualClock, type ManualClock } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { createTokenValet } from '../support/token-valet.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Between two seconds, so that whole seconds in claims and dates are rounded. */
const TRUE_START = Date.UTC(2026, 0, 1) + 400;

const LIFETIMES = [SECOND, 5 * SECOND, 30 * SECOND, MINUTE, HOUR, 30 * DAY];
/** How far a client's clock is ahead. */
const WRONG = [0, -DAY, -10 * MINUTE, -1500, 1500, 10 * MINUTE, DAY];

/** One token, as its issuer knows it: in seconds on the issuer's clock, which is the true one. */
interface Issue {
  readonly count: number;
  readonly iat: number;
  readonly exp: number;
}

type Issuer = (issue: Issue) => TokenResult;

const segment = (text: string): string => Buffer.from(text).toString('base64url');
const opaque = ({ count }: Issue): string => `opaque-${count}`;
const jwt = ({ count, iat, exp }: Issue): string => createJwt({ sub: 'u1', iat, exp, jti: count });
const jwtWithoutIat = ({ count, exp }: Issue): string => createJwt({ sub: 'u1', exp, jti: count });
const jwe = ({ count }: Issue): string =>
  ['{"alg":"dir","enc":"A128GCM"}', '', `iv-${count}`, `sealed-${count}`, 'tag'].map(segment).join('.');
/** Too few parts, no base64, nothing in it, a list, and text that is no JSON. */
const BROKEN = ['e30.e30', 'a.%%%.c', '..', `e30.${segment('[1]')}.c`, `e30.${segment('sub')}.c`];
const malformed = ({ count }: Issue): string => `${BROKEN[count % BROKEN.length]}-${count}`;

const expiring =
  (token: (issue: Issue) => string): Issuer =>
  (issue) => ({ access_token: token(issue), expires_in: issue.exp - issue.iat });
const dated =
  (answer: (issue: Issue) => object): Issuer =>
  (issue) =>
    Response.json(answer(issue), { headers: { date: new Date(issue.iat * SECOND).toUTCString() } });

/** Tells how long a token lives, whatever the client's clock says. */
const TELLING: Record<string, Issuer> = {
  'opaque with expires_in': expiring(opaque),
  'malformed JWT with expires_in': expiring(malformed),
  'JWE with expires_in': expiring(jwe),
};

/** Tells the client what time it is, too. */
const DATED: Record<string, Issuer> = {
  'opaque with expires_at': dated((issue) => ({ access_token: opaque(issue), expires_at: issue.exp })),
  JWT: dated((issue) => ({ access_token: jwt(issue) })),
  'JWT without iat': dated((issue) => ({ access_token: jwtWithoutIat(issue) })),
};

/** Tells how long a token lives from its issue, but not how long ago that was. */
const ISSUED: Record<string, Issuer> = { JWT: jwt, 'JWT with expires_in': expiring(jwt) };

/** Tells it by a clock that the client may not have. */
const BY_CLOCK: Record<string, Issuer> = {
  'opaque with expiresAt': (issue) => ({ token: opaque(issue), expiresAt: new Date(issue.exp * SECOND) }),
  'JWT without iat': jwtWithoutIat,
};

/** Does not tell it. */
const SILENT: Record<string, Issuer> = { opaque, 'malformed JWT': malformed, JWE: jwe };

interface Setting {
  readonly issuer: Issuer;
  readonly lifetime: number;
  readonly wrong: number;
  /** The times between requests: steady ones over ten lifetimes unless said otherwise. */
  readonly gaps?: readonly number[];
  /** Whether the issuer's claims hold fractions of a second. */
  readonly precise?: boolean;
}

interface Course {
  readonly failed: number;
  /** How many requests were sent with a token that had ended. */
  readonly late: number;
  /** For how long the worst of them had. */
  readonly latest: number;
  readonly calls: number;
  /** How many tokens were sent. */
  readonly used: number;
}

/** An issuer and an API that know the true time, whatever the client's clock says. */
function createWorld(clock: ManualClock, { issuer, lifetime, precise = lifetime < 5 * SECOND }: Setting) {
  const start = clock.monotonic();
  const now = (): number => TRUE_START + clock.monotonic() - start;
  const ends = new Map<string, number>();
  const late: number[] = [];
  let count = 0;
  return {
    late,
    issue(): TokenResult {
      const iat = precise ? now() / SECOND : Math.floor(now() / SECOND);
      const issue = { count: ++count, iat, exp: iat + lifetime / SECOND };
      for (const form of [opaque, jwt, jwtWithoutIat, jwe, malformed])
        ends.set(form(issue), issue.exp * SECOND);
      return issuer(issue);
    },
    respond({ headers }: Request): Response {
      const end = ends.get(headers.get('authorization')?.slice('Bearer '.length) ?? '') ?? 0;
      if (end > now()) return new Response('ok');
      late.push(now() - end);
      return new Response('', { status: 401 });
    },
  };
}

function steadily(lifetime: number, perLifetime: number): readonly number[] {
  return Array.from({ length: 10 * perLifetime }, () => lifetime / perLifetime);
}

async function run(setting: Setting): Promise<Course> {
  const { lifetime, wrong, gaps = steadily(lifetime, wrong === 0 ? 100 : 25) } = setting;
  const clock = createManualClock(TRUE_START + wrong);
  const { issue, respond, late } = createWorld(clock, setting);
  const valet = createTokenValet(issue, { clock, random: () => 0, respond });
  let failed = 0;
  for (const gap of gaps) {
    if ((await valet.request()) !== 200) failed++;
    await clock.advance(gap);
  }
  const calls = valet.asked.length;
  return { failed, late: late.length, latest: Math.max(0, ...late), calls, used: new Set(valet.sent).size };
}

/** How many tokens ten lifetimes take, if each is used until a minute of its life is left, or a fifth. */
function mostCalls(lifetime: number, seeming = lifetime): number {
  // Whole seconds round a life down.
  const life = lifetime < 5 * SECOND ? seeming : seeming - SECOND;
  return Math.ceil((10 * lifetime) / (life - Math.min(MINUTE, life / 5)));
}

const cases = (issuers: Record<string, Issuer>): [string, Issuer][] => Object.entries(issuers);

test.each(cases(TELLING))(
  'one call for each lifetime, and nothing sent too late, whatever the clock says: %s (rules T2, T3)',
  async (_, issuer) => {
    for (const lifetime of LIFETIMES) {
      for (const wrong of WRONG) {
        const course = await run({ issuer, lifetime, wrong });
        expect({ lifetime, wrong, ...course }).toMatchObject({ lifetime, wrong, failed: 0, late: 0 });
        expect(course.calls).toBeLessThanOrEqual(mostCalls(lifetime));
        expect(course.used).toBe(course.calls);
      }
    }
  },
  30_000,
);

test.each(cases(DATED))(
  'a clock that the Date of the answer corrects changes nothing: %s (rule T2)',
  async (_, issuer) => {
    // A Date is precise to a second or two: with a wrong clock nothing shorter can be told by it.
    for (const lifetime of LIFETIMES) {
      for (const wrong of lifetime < 30 * SECOND ? [0] : WRONG) {
        const course = await run({ issuer, lifetime, wrong });
        expect({ lifetime, wrong, ...course }).toMatchObject({ lifetime, wrong, failed: 0, late: 0 });
        expect(course.calls).toBeLessThanOrEqual(mostCalls(lifetime, lifetime - Math.abs(wrong % 2000)));
        expect(course.used).toBe(course.calls);
      }
    }
  },
  30_000,
);

test.each(cases(ISSUED))(
  'a clock that iat corrects costs one call more, or makes tokens seem shorter: %s (rule T2)',
  async (_, issuer) => {
    for (const lifetime of LIFETIMES) {
      for (const wrong of WRONG) {
        const course = await run({ issuer, lifetime, wrong });
        expect({ lifetime, wrong, ...course }).toMatchObject({ lifetime, wrong, failed: 0, late: 0 });
        // Ahead by less than a life, a fresh token looks like one from a cache, and nothing tells them apart.
        const seeming = wrong > 0 && wrong < lifetime ? lifetime - wrong : lifetime;
        // Ahead by more, the first token looks expired: the one that is asked for then opens the clock's eyes.
        const extra = wrong >= lifetime ? 1 : 0;
        expect(course.calls).toBeLessThanOrEqual(mostCalls(lifetime, seeming) + extra);
        expect(course.used).toBe(course.calls - extra);
      }
    }
  },
  30_000,
);

test.each(cases(BY_CLOCK))(
  'what tells a life by the clock alone is as good as the clock: %s (rule T2)',
  async (_, issuer) => {
    for (const lifetime of LIFETIMES) {
      // Right, or ahead by less than a life: nothing is late, and tokens seem shorter at worst.
      for (const wrong of WRONG.filter((ahead) => ahead >= 0 && ahead < lifetime / 2)) {
        const course = await run({ issuer, lifetime, wrong });
        expect({ lifetime, wrong, ...course }).toMatchObject({ lifetime, wrong, failed: 0, late: 0 });
        expect(course.calls).toBeLessThanOrEqual(mostCalls(lifetime, lifetime - wrong));
        expect(course.used).toBe(course.calls);
      }
    }
  },
  30_000,
);

const unknowable: [string, Issuer, readonly number[]][] = [
  ...cases(BY_CLOCK).map(([name, issuer]): [string, Issuer, readonly number[]] => [
    `${name} on a wrong clock`,
    issuer,
    [-DAY, -10 * MINUTE, DAY],
  ]),
  ...cases(SILENT).map(([name, issuer]): [string, Issuer, readonly number[]] => [name, issuer, [0, DAY]]),
];

test.each(unknowable)(
  'a token whose end nobody can know is used until its 401, which no caller sees: %s (rules T2, T5)',
  async (_, issuer, clocks) => {
    for (const lifetime of [MINUTE, HOUR]) {
      for (const wrong of clocks) {
        const course = await run({ issuer, lifetime, wrong });
        expect({ lifetime, wrong, ...course }).toMatchObject({ lifetime, wrong, failed: 0 });
        // One 401 at the end of each, and one call for it; the first of all may look expired.
        expect([8, 9, 10]).toContain(course.late);
        expect(course.calls).toBeLessThanOrEqual(course.late + 2);
      }
    }
  },
  30_000,
);

test.each(unknowable)(
  'such tokens of less than a minute run into the loop breaker, and no issuer is stormed: %s (rule T11)',
  async (_, issuer, clocks) => {
    for (const lifetime of [SECOND, 5 * SECOND, 30 * SECOND]) {
      for (const wrong of clocks) {
        const course = await run({ issuer, lifetime, wrong });
        const minutes = Math.ceil((10 * lifetime) / MINUTE);
        expect(course.calls).toBeLessThanOrEqual(2 + 3 + minutes);
        expect(course.failed).toBeGreaterThan(0);
      }
    }
  },
  30_000,
);

const knowable = fc.record({
  issuer: fc.constantFrom(...Object.values({ ...TELLING, ...ISSUED })),
  lifetime: fc.oneof(
    fc.integer({ min: SECOND, max: MINUTE }),
    fc.integer({ min: MINUTE, max: HOUR }),
    fc.integer({ min: HOUR, max: 30 * DAY }),
  ),
  wrong: fc.oneof(
    fc.constant(0),
    fc.integer({ min: -2000, max: 2000 }),
    fc.integer({ min: -2 * DAY, max: 2 * DAY }),
  ),
  // From bursts to pauses of three lifetimes, in parts of one.
  parts: fc.array(
    fc.oneof(
      fc.constant(0),
      fc.double({ min: 0.001, max: 0.3, noNaN: true }),
      fc.double({ min: 0, max: 3, noNaN: true }),
    ),
    {
      minLength: 1,
      maxLength: 60,
    },
  ),
});

test('whatever the lifetime, the clock and the traffic: no request fails, none is late, each call brings a token that is sent (rules T2, T3)', async () => {
  await fc.assert(
    fc.asyncProperty(knowable, async ({ issuer, lifetime, wrong, parts }) => {
      const gaps = parts.map((part) => part * lifetime);
      const course = await run({ issuer, lifetime, wrong, gaps, precise: true });
      expect(course).toMatchObject({ failed: 0, late: 0 });
      // The last refresh may be one in the background, and the first token may open the clock's eyes.
      expect(course.calls - course.used).toBeLessThanOrEqual(2);
    }),
    { numRuns: 500 },
  );
}, 60_000);
