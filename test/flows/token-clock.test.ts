import { expect, test } from 'vitest';
import type { TokenResult } from '../../src/contracts.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { countingProvider, createTokenValet, type TokenValet } from '../support/token-valet.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TRUE_START = Date.UTC(2026, 0, 1);
const WRONG = [-DAY, -10 * MINUTE, -1500, 1500, 10 * MINUTE, DAY];

/** How an issuer says when a token ends. */
const ISSUERS = {
  jwt: (token: string) => token,
  'jwt in a Response with its Date': (token: string, { now }: Issue) =>
    Response.json({ access_token: token }, { headers: { date: new Date(now).toUTCString() } }),
  'jwt with expires_in': (token: string, { lifetime }: Issue) => ({ token, expiresIn: lifetime / SECOND }),
  'opaque with expires_in': (_: string, { lifetime, count }: Issue) => ({
    token: `opaque-${count}`,
    expiresIn: lifetime / SECOND,
  }),
  'opaque with expires_at in a Response with its Date': (_: string, { now, lifetime, count }: Issue) =>
    Response.json(
      { access_token: `opaque-${count}`, expires_at: (now + lifetime) / SECOND },
      { headers: { date: new Date(now).toUTCString() } },
    ),
} satisfies Record<string, (token: string, issue: Issue) => TokenResult>;

interface Issue {
  /** The issuer's time, which is the true one. */
  readonly now: number;
  readonly lifetime: number;
  readonly count: number;
}

interface Run {
  /** How often the provider was asked. */
  readonly asked: number;
  /** How many tokens were sent after their true end. */
  readonly refused: number;
  readonly failed: number;
}

/** Five lifetimes of steady requests on a clock that is `wrong` ms ahead, with an API that knows the time. */
async function run(issuer: keyof typeof ISSUERS, lifetime: number, wrong: number): Promise<Run> {
  const clock = createManualClock(TRUE_START + wrong);
  const start = clock.monotonic();
  const trueNow = (): number => TRUE_START + clock.monotonic() - start;
  const ends = new Map<string, number>();
  let count = 0;
  let refused = 0;
  let failed = 0;
  const provider = async (): Promise<TokenResult> => {
    count++;
    const now = trueNow();
    const jwt = createJwt({ sub: 'u1', iat: now / SECOND, exp: (now + lifetime) / SECOND, jti: count });
    const answer = ISSUERS[issuer](jwt, { now, lifetime, count });
    ends.set(issuer.startsWith('jwt') ? jwt : `opaque-${count}`, now + lifetime);
    return answer;
  };
  const valet = createTokenValet(provider, {
    clock,
    random: () => 0,
    respond(request) {
      const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
      const isOver = (ends.get(token) ?? 0) <= trueNow();
      if (isOver) refused++;
      return new Response(null, { status: isOver ? 401 : 200 });
    },
  });
  for (let passed = 0; passed < 5 * lifetime; passed += lifetime / 25) {
    if ((await valet.request()) !== 200) failed++;
    await clock.advance(lifetime / 25);
  }
  return { asked: valet.asked.length, refused, failed };
}

/** How many tokens five lifetimes take, if a token seems to live for `seeming` ms; one more may open the clock's eyes. */
function mostCalls(lifetime: number, seeming: number): number {
  return Math.ceil((5 * lifetime) / (seeming - Math.min(MINUTE, seeming / 5))) + 1;
}

const LIFETIMES = [SECOND, 30 * SECOND, 11 * MINUTE, HOUR];

for (const issuer of ['opaque with expires_in', 'jwt in a Response with its Date'] as const) {
  test(`a clock that is wrong changes nothing: ${issuer} (rule T2)`, async () => {
    for (const lifetime of LIFETIMES) {
      for (const wrong of WRONG) {
        const { asked, ...errors } = await run(issuer, lifetime, wrong);
        expect([lifetime, wrong, errors]).toEqual([lifetime, wrong, { refused: 0, failed: 0 }]);
        expect(asked).toBeLessThanOrEqual(mostCalls(lifetime, lifetime));
      }
    }
  });
}

for (const issuer of ['jwt', 'jwt with expires_in'] as const) {
  test(`a clock that is wrong changes nothing but how long a token seems to live: ${issuer} (rule T2)`, async () => {
    for (const lifetime of LIFETIMES) {
      for (const wrong of WRONG) {
        const { asked, ...errors } = await run(issuer, lifetime, wrong);
        expect([lifetime, wrong, errors]).toEqual([lifetime, wrong, { refused: 0, failed: 0 }]);
        // Ahead by less than a lifetime: a fresh token looks like one from a cache, and nothing tells them apart.
        const seeming = wrong > 0 && wrong < lifetime ? lifetime - wrong : lifetime;
        expect(asked).toBeLessThanOrEqual(mostCalls(lifetime, seeming));
      }
    }
  });
}

test('a clock that is wrong changes nothing: opaque with expires_at in a Response with its Date (rule T2)', async () => {
  // A Date is precise to a second or two, so nothing shorter can be told by it.
  for (const lifetime of LIFETIMES.slice(1)) {
    for (const wrong of WRONG) {
      const { asked, ...errors } = await run(
        'opaque with expires_at in a Response with its Date',
        lifetime,
        wrong,
      );
      expect([lifetime, wrong, errors]).toEqual([lifetime, wrong, { refused: 0, failed: 0 }]);
      expect(asked).toBeLessThanOrEqual(mostCalls(lifetime, lifetime));
    }
  }
});

/** A client that has just got a token of an hour. */
async function withTokenOfAnHour(): Promise<TokenValet> {
  const valet = createTokenValet(countingProvider(3600), { random: () => 0 });
  expect(await valet.request()).toBe(200);
  return valet;
}

test('a machine that slept past the end of a token gets a new one before it sends (rule T2)', async () => {
  const { clock, sent, request } = await withTokenOfAnHour();

  clock.sleep(8 * HOUR);
  await request();

  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('a machine that slept for a part of it has the rest left', async () => {
  const { clock, asked, request } = await withTokenOfAnHour();

  clock.sleep(30 * MINUTE);
  await clock.advance(28 * MINUTE);
  await request();
  expect(asked).toHaveLength(1);
  await clock.advance(90 * SECOND);
  await request();
  await settle();

  expect(asked).toHaveLength(2);
});

test('a wall clock that is set back makes no token live longer (rule T2)', async () => {
  const { clock, asked, sent, request } = await withTokenOfAnHour();

  clock.setWall(clock.now() - DAY);
  await request();
  expect(asked).toHaveLength(1);
  await clock.advance(HOUR);
  await request();

  expect(sent.at(-1)).toBe('Bearer token-2');
});

test('a wall clock that is set forth costs one token and nothing else', async () => {
  const { clock, sent, request } = await withTokenOfAnHour();

  clock.setWall(clock.now() + DAY);
  await request();
  for (let minutes = 0; minutes < 58; minutes++) {
    await request();
    await clock.advance(MINUTE);
  }

  expect(new Set(sent).size).toBe(2);
});

test('a wall clock that jumps to and fro between requests never brings a failure', async () => {
  const provider = (): string => {
    const now = TRUE_START + valet.clock.monotonic();
    return createJwt({ sub: 'u1', iat: now / SECOND, exp: (now + 5 * MINUTE) / SECOND });
  };
  const valet = createTokenValet(provider, { random: () => 0 });
  for (const jump of [0, DAY, -DAY, -10 * MINUTE, 10 * MINUTE, -HOUR, 2 * DAY, -2 * DAY, 1500, -1500]) {
    valet.clock.setWall(valet.clock.now() + jump);
    for (let n = 0; n < 20; n++) {
      expect(await valet.request()).toBe(200);
      await valet.clock.advance(20 * SECOND);
    }
  }

  // 200 requests in 4000 seconds, tokens of 300: a jump costs a token or two.
  expect(valet.asked.length).toBeLessThanOrEqual(17 + 2 * 10);
});

test('sleep during a backoff counts as waiting (rule T6)', async () => {
  let isUp = false;
  const { clock, request } = createTokenValet(() =>
    isUp ? 'token-1' : new Response(null, { status: 503, headers: { 'retry-after': '600' } }),
  );
  expect(await request()).toBe('TOKEN_ENDPOINT_UNAVAILABLE');

  isUp = true;
  clock.sleep(HOUR);

  expect(await request()).toBe(200);
});
