import { expect, test } from 'vitest';
import type { SessionDocument, TokenProvider, TokenResponse, TokenStore } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/stores.ts';
import { Sighting } from '../../src/token/sighting.ts';
import { createManualClock, type ManualClock, settle } from '../support/clock.ts';
import { createRotatingIssuer, type RotatingIssuer } from '../support/rotating-issuer.ts';
import {
  createDeferred,
  createHeldProvider,
  createTokenValet,
  type TokenValet,
  type TokenValetOptions,
} from '../support/token-valet.ts';

const MINUTE = 60_000;

interface Peer extends TokenValet {
  readonly warnings: readonly string[];
}

interface PeerOptions extends Omit<TokenValetOptions<{ id: string }>, 'store' | 'clock'> {
  readonly provider?: TokenProvider;
  /** What its store does differently. */
  readonly store?: Partial<TokenStore>;
}

interface Peers {
  readonly clock: ManualClock;
  readonly issuer: RotatingIssuer;
  readonly memory: TokenStore;
  open(options?: PeerOptions): Peer;
  document(): SessionDocument | undefined;
  /** Stores something behind everybody's back. */
  put(changes: Partial<SessionDocument>): void;
}

/** Clients that share one session, and read the store on use. */
function createPeers(): Peers {
  const clock = createManualClock();
  const issuer = createRotatingIssuer();
  const { subscribe: _, ...memory } = createMemoryStore({ clock });
  const document = (): SessionDocument | undefined => memory.read() as SessionDocument | undefined;
  return {
    clock,
    issuer,
    memory,
    document,
    open({ provider = issuer.provider, store, ...options } = {}) {
      const shared = sharedStore({ ...memory, ...store });
      const valet = createTokenValet(provider, { ...options, clock, store: shared });
      const warnings: string[] = [];
      valet.client.on('warning', ({ code }) => warnings.push(code));
      return { ...valet, warnings };
    },
    put(changes) {
      const before = document();
      if (before) void memory.swap(before, { ...before, ...changes, version: before.version + 1 });
    },
  };
}

/** Two clients of a user whose token has ended; the first one's provider waits for the test. */
async function createEndedPeers(options: PeerOptions = {}) {
  const peers = createPeers();
  const { clock, issuer, open } = peers;
  const { provider, calls } = createHeldProvider();
  const first = open({ provider, ...options });
  const second = open();
  await first.client.session.signIn(issuer.login('ada'));
  await second.request();
  clock.sleep(2 * MINUTE);
  /** Answers the first one as the issuer would. */
  const answer = (): void => {
    const context = first.asked.at(-1);
    if (context) calls.at(-1)?.resolve(issuer.provider(context) as TokenResponse);
  };
  return { ...peers, first, second, calls, answer };
}

const refused = (): Response => Response.json({ error: 'invalid_grant' }, { status: 400 });

test('who meets a claim adopts what its owner stores', async () => {
  const { clock, issuer, first, second, answer } = await createEndedPeers();
  const early = first.request();
  await settle();
  const requests = Promise.all([early, second.request()]);
  await clock.advance(1000);
  answer();
  await clock.advance(1000);
  expect(await requests).toEqual([200, 200]);
  expect(second.sent.at(-1)).toBe(first.sent.at(-1));
  expect(second.asked).toHaveLength(0);
  expect(issuer.redeemed).toBe(1);
});

test('who meets a claim fails after 5 s with an error that may be retried, and never goes without', async () => {
  const { clock, first, second } = await createEndedPeers();
  void first.request();
  await settle();
  for (let round = 0; round < 9; round++) {
    const request = second.client.fetch('/').catch((error: unknown) => error);
    await clock.advance(6000);
    expect(await request).toMatchObject({ code: 'TOKEN_TIMEOUT', retryable: true });
  }
  expect(second.asked).toHaveLength(0);
});

test('a claim whose owner is silent is taken over after 60 s', async () => {
  const { clock, first, second } = await createEndedPeers();
  void first.request();
  await settle();
  const early = second.request();
  await clock.advance(59_000);
  expect(await early).toBe('TOKEN_TIMEOUT');
  const late = second.request();
  await clock.advance(5000);
  expect(await late).toBe(200);
  expect(second.asked).toHaveLength(1);
});

test('a claim whose owner has provably died is taken over at once', async () => {
  const dead = new Set<string>();
  const { clock, first, open } = await createEndedPeers({ store: { owner: 'first' } });
  const second = open({ store: { owner: 'second', ownerGone: (owner) => dead.has(owner) } });
  void first.request();
  await settle();
  const waits = second.request();
  await clock.advance(2000);
  expect(second.asked).toHaveLength(0);
  dead.add('first');
  await clock.advance(500);
  expect(await waits).toBe(200);
  expect(second.asked).toHaveLength(1);
});

test('a store that cannot tell who has died proves nothing', async () => {
  const { clock, first, open } = await createEndedPeers({ store: { owner: 'first' } });
  const ownerGone = (): never => {
    throw new Error('no such process table');
  };
  const second = open({ store: { owner: 'second', ownerGone } });
  void first.request();
  await settle();
  const request = second.request();
  await clock.advance(6000);
  expect(await request).toBe('TOKEN_TIMEOUT');
  expect(second.asked).toHaveLength(0);
});

test.each(['swap', 'now'] as const)(
  'a claim is not used after a sleep of more than 2 s in %s',
  async (which) => {
    const { clock, issuer, memory, document, open } = createPeers();
    let naps = 0;
    const sleepy =
      <Input extends readonly unknown[], Output>(method: (...input: Input) => Output) =>
      (...input: Input): Output => {
        const output = method(...input);
        if (naps-- > 0) clock.sleep(2500);
        return output;
      };
    const store = which === 'swap' ? { swap: sleepy(memory.swap) } : { now: sleepy(memory.now) };
    const { client, asked, request } = open({ store });
    await client.session.signIn(issuer.login('ada'));
    clock.sleep(2 * MINUTE);
    // The store is asked for its time by who looks, and again by who claims.
    naps = which === 'now' ? 2 : 1;
    const waits = request();
    await settle();
    expect(asked).toHaveLength(0);
    expect(document()?.claim).toBeUndefined();
    await clock.advance(5000);
    expect(await waits).toBe(200);
    expect(asked).toHaveLength(1);
  },
);

test('an answer after 39 s is stored, and the others adopt it', async () => {
  const { clock, document, first, second, answer } = await createEndedPeers();
  const early = first.request();
  await clock.advance(39_000);
  expect(await early).toBe('TOKEN_TIMEOUT');
  answer();
  await clock.advance(100);
  expect(document()).toMatchObject({ refreshToken: 'refresh-token-of-ada-2' });
  expect(document()?.claim).toBeUndefined();
  expect(await second.request()).toBe(200);
  expect(second.asked).toHaveLength(0);
});

test('an answer is stored whatever the claim says by then, while the refresh token is the same', async () => {
  const { clock, document, put, first, answer } = await createEndedPeers();
  const request = first.request();
  await settle();
  put({ claim: { id: 'another', at: clock.now() } });
  answer();
  await clock.advance(100);
  expect(await request).toBe(200);
  expect(document()).toMatchObject({ refreshToken: 'refresh-token-of-ada-2' });
  expect(document()?.claim).toBeUndefined();
});

test('who slept while an answer was on its way reads it before giving up', async () => {
  const { clock, document, first, answer } = await createEndedPeers();
  void first.request();
  await settle();
  clock.sleep(50_000);
  await clock.advance(40_000);
  answer();
  await clock.advance(100);
  expect(document()).toMatchObject({ refreshToken: 'refresh-token-of-ada-2' });
});

test('who has not had an answer keeps its claim: it may still come, and nobody sends the token again', async () => {
  const { clock, document, first, second } = await createEndedPeers();
  void first.request();
  await clock.advance(45_000);
  expect(document()?.claim).toBeDefined();
  const requests = Promise.all([first.request(), second.request()]);
  await clock.advance(6000);
  expect(await requests).toEqual(['TOKEN_TIMEOUT', 'TOKEN_TIMEOUT']);
  expect(first.asked).toHaveLength(1);
  expect(second.asked).toHaveLength(0);
});

test('a connection that is cut late leaves no claim behind: no answer can come any more', async () => {
  const { clock, document, first, second, calls } = await createEndedPeers();
  void first.request();
  await clock.advance(20_000);
  calls[0]?.reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
  await settle();
  expect(first.asked).toHaveLength(1);
  expect(document()?.claim).toBeUndefined();
  const request = second.request();
  await clock.advance(1000);
  expect(await request).toBe(200);
});

test('what a refresh brought is stored as soon as the store is back', async () => {
  let isDown = false;
  const peers = createPeers();
  const { clock, issuer, memory, document, open } = peers;
  const { provider, calls } = createHeldProvider();
  const up = (): TokenStore => {
    if (isDown) throw new Error('down');
    return memory;
  };
  const { client, asked, request } = open({
    provider,
    store: {
      read: () => up().read(),
      swap: (...both) => up().swap(...both),
    },
  });
  await client.session.signIn(issuer.login('ada'));
  clock.sleep(2 * MINUTE);
  const waits = request();
  await settle();
  isDown = true;
  const [context] = asked;
  if (context) calls[0]?.resolve(issuer.provider(context) as TokenResponse);
  await clock.advance(30_000);
  expect(await waits).toBe(200);
  expect(document()).toMatchObject({ refreshToken: 'refresh-token-of-ada-1' });
  isDown = false;
  await clock.advance(1000);
  expect(document()).toMatchObject({ refreshToken: 'refresh-token-of-ada-2' });
});

test('what a refresh brings after a sign-out elsewhere is discarded', async () => {
  const { clock, document, first, second, answer } = await createEndedPeers();
  void first.request();
  await settle();
  await second.client.signOut();
  answer();
  await clock.advance(1000);
  expect(document()).toMatchObject({ state: 'signed-out', tokens: [] });
  expect(document()?.refreshToken).toBeUndefined();
  await first.request();
  await clock.advance(1000);
  expect(first.client.session.snapshot).toEqual({ status: 'signed-out' });
  expect(await first.request()).toBe('SIGNED_OUT');
});

test('the word of a sign-out stays for those who have not heard it, whoever asks in vain meanwhile', async () => {
  const { clock, issuer, open, document } = createPeers();
  const [first, second] = [open(), open()];
  await first.client.session.signIn(issuer.login('ada'));
  await second.request();
  await first.client.signOut();
  expect(await open().request()).toBe('SIGNED_OUT');
  expect(document()).toMatchObject({ state: 'signed-out' });
  await clock.advance(1000);
  expect(await second.request()).toMatch(/SIGNED_OUT|SESSION_CHANGED/);
  expect(second.client.session.snapshot).toEqual({ status: 'signed-out' });
});

test('who signed in hears of a sign-out elsewhere before its token ends', async () => {
  const { clock, issuer, open } = createPeers();
  const [first, second] = [open(), open()];
  await first.client.session.signIn(issuer.login('ada'));
  await second.request();
  await second.client.signOut();
  await clock.advance(1000);
  expect(await first.request()).toMatch(/SIGNED_OUT|SESSION_CHANGED/);
  expect(first.sent).toHaveLength(0);
});

test('a refusal of a refresh token that somebody has replaced is no refusal', async () => {
  const { clock, issuer, put, document, first, calls } = await createEndedPeers();
  const request = first.request();
  await settle();
  const { token, refreshToken } = issuer.login('ada');
  const tokens = (document()?.tokens ?? []).map((stored) => ({ ...stored, token, received: clock.now() }));
  put({ refreshToken, tokens });
  calls[0]?.resolve(refused());
  await clock.advance(100);
  expect(await request).toBe(200);
  expect(first.sent.at(-1)).toBe(`Bearer ${token}`);
});

test('a refusal while somebody else has the claim is a bad moment', async () => {
  const { clock, put, document, first, calls } = await createEndedPeers();
  const request = first.request();
  await settle();
  put({ claim: { id: 'another', at: clock.now() } });
  calls[0]?.resolve(refused());
  await clock.advance(100);
  expect(await request).toBe('TOKEN_TIMEOUT');
  expect(first.client.session.snapshot.status).toBe('signed-in');
  expect(document()).toMatchObject({ state: 'signed-in', refreshToken: 'refresh-token-of-ada-1' });
});

test('a refusal of the stored refresh token ends the session for all', async () => {
  const { clock, document, first, second, calls } = await createEndedPeers();
  const request = first.request();
  await settle();
  calls[0]?.resolve(refused());
  await clock.advance(100);
  expect(await request).toBe('SESSION_ENDED');
  expect(document()).toMatchObject({ state: 'ended', userId: 'ada', tokens: [] });
  expect(document()?.refreshToken).toBeUndefined();
  expect(await second.request()).toBe('SESSION_ENDED');
  expect(second.client.session.snapshot).toMatchObject({ status: 'ended', user: { id: 'ada' } });
});

test('who comes to a session that has ended leaves it ended for the others', async () => {
  const { clock, document, first, calls, open } = await createEndedPeers();
  void first.request();
  await settle();
  calls[0]?.resolve(refused());
  await clock.advance(100);
  expect(await open().request()).toBe('SIGNED_OUT');
  expect(document()).toMatchObject({ state: 'ended', userId: 'ada' });
  await clock.advance(1000);
  expect(await first.request()).toBe('SESSION_ENDED');
  expect(first.client.session.snapshot).toMatchObject({ status: 'ended', user: { id: 'ada' } });
});

test('where the store is down nothing is redeemed, valid tokens are used, and one warning tells', async () => {
  let isDown = false;
  const { clock, issuer, memory, open } = createPeers();
  const read = (): unknown => {
    if (isDown) throw new Error('down');
    return memory.read();
  };
  const { client, asked, request, warnings } = open({ store: { read } });
  await client.session.signIn(issuer.login('ada'));
  isDown = true;
  for (let second = 0; second < 56; second += 4) {
    await clock.advance(4000);
    expect(await request()).toBe(200);
  }
  await clock.advance(10_000);
  expect(await request()).toBe('STORE_UNAVAILABLE');
  expect(asked).toHaveLength(0);
  expect(warnings).toEqual(['STORE_UNAVAILABLE']);
});

test('a read-only store is never written, and its refresh token never redeemed', async () => {
  const { clock, issuer, open, document } = createPeers();
  let swaps = 0;
  const swap = (): boolean => {
    swaps++;
    return true;
  };
  await open().client.session.signIn(issuer.login('ada'));
  const reader = open({ store: { readOnly: true, swap } });
  expect(await reader.request()).toBe(200);
  clock.sleep(2 * MINUTE);
  expect(await reader.request()).toBe('STORE_UNAVAILABLE');
  await reader.client.signOut();
  expect(reader.asked).toHaveLength(0);
  expect(swaps).toBe(0);
  expect(document()).toMatchObject({ state: 'signed-in', refreshToken: 'refresh-token-of-ada-1' });
});

test.each([
  ['text', 'not JSON'],
  ['a list', []],
  ['a newer format', { format: 2, version: 1, epoch: 1, state: 'signed-in', tokens: [] }],
  ['one without tokens', { format: 1, version: 1, epoch: 1, state: 'signed-in' }],
  ['a wrong version', { format: 1, version: -1, epoch: 1, state: 'none', tokens: [] }],
])('%s in the store is left as it is, and the session is kept in memory', async (_what, stored) => {
  const { clock, issuer, open } = createPeers();
  let swaps = 0;
  const swap = (): boolean => {
    swaps++;
    return true;
  };
  const { client, request, warnings } = open({ store: { read: () => stored, swap } });
  await client.session.signIn(issuer.login('ada'));
  expect(await request()).toBe(200);
  clock.sleep(2 * MINUTE);
  const waits = request();
  await clock.advance(1000);
  expect(await waits).toBe(200);
  expect(issuer.redeemed).toBe(1);
  expect(swaps).toBe(0);
  expect(warnings).toEqual(['STORE_FOREIGN']);
});

test('a store that is emptied from outside signs nobody out, and gets the session back', async () => {
  const { clock, issuer, open } = createPeers();
  let stored: SessionDocument | undefined;
  const store: Partial<TokenStore> = {
    read: () => stored,
    swap(expected, next) {
      if (stored?.version !== expected?.version) return false;
      stored = next;
      return true;
    },
  };
  const [first, second] = [open({ store }), open({ store })];
  await first.client.session.signIn(issuer.login('ada'));
  await second.request();
  const { epoch } = stored as unknown as SessionDocument;
  stored = undefined;
  await clock.advance(1000);
  expect(await Promise.all([first.request(), second.request()])).toEqual([200, 200]);
  clock.sleep(2 * MINUTE);
  const requests = Promise.all([first.request(), second.request()]);
  await clock.advance(2000);
  expect(await requests).toEqual([200, 200]);
  expect(issuer.redeemed).toBe(1);
  expect(stored).toMatchObject({ state: 'signed-in', userId: 'ada', epoch });
});

test('a stored session is newer than what a program starts with', async () => {
  const { issuer, open } = createPeers();
  const login = issuer.login('ada');
  await open().client.session.signIn(login);
  const late = open({ initial: { token: 'token-of-yesterday', refreshToken: 'refresh-token-of-yesterday' } });
  expect(await late.request()).toBe(200);
  expect(late.sent).toEqual([`Bearer ${login.token}`]);
});

test('what a program starts with is stored where there is no session', async () => {
  const { issuer, open, document } = createPeers();
  const login = issuer.login('ada');
  const first = open({ initial: login });
  expect(await first.request()).toBe(200);
  await settle();
  expect(document()).toMatchObject({ state: 'signed-in', userId: 'ada', refreshToken: login.refreshToken });
  const second = open();
  expect(await second.request()).toBe(200);
  expect(issuer.redeemed).toBe(0);
});

test('a refresh token alone is claimed like any other', async () => {
  const { clock, issuer, open, document } = createPeers();
  const { refreshToken } = issuer.login('ada');
  const peers = [open({ initial: { refreshToken } }), open({ initial: { refreshToken } })];
  const requests = Promise.all(peers.map(({ request }) => request()));
  await clock.advance(2000);
  expect(await requests).toEqual([200, 200]);
  expect(issuer.redeemed).toBe(1);
  expect(document()).toMatchObject({ state: 'signed-in', userId: 'ada' });
});

test('a token for a further audience is shared, too', async () => {
  const { clock, issuer, open, document } = createPeers();
  const [first, second] = [open(), open()];
  await first.client.session.signIn(issuer.login('ada'));
  const auth = { audience: 'reports' };
  expect(await first.request({ auth })).toBe(200);
  await clock.advance(1000);
  expect(await second.request({ auth })).toBe(200);
  expect(await second.request()).toBe(200);
  expect(second.sent[0]).toBe(first.sent[0]);
  expect(issuer.redeemed).toBe(1);
  expect(document()?.tokens.map(({ need }) => need)).toEqual([{ scopes: [] }, { scopes: [], ...auth }]);
});

test('what a step-up was granted is shared, too', async () => {
  const { clock, issuer, open } = createPeers();
  const provider: TokenProvider = async (context) => {
    const answer = (await issuer.provider(context)) as TokenResponse;
    return { ...answer, scope: context.scopes.join(' ') };
  };
  const wide = new Set<string>();
  const respond = ({ headers }: Request): Response => {
    if (wide.has(headers.get('authorization') ?? '')) return new Response('ok');
    const challenge = 'Bearer error="insufficient_scope", scope="write"';
    return new Response('no', { status: 403, headers: { 'www-authenticate': challenge } });
  };
  const watched: TokenProvider = async (context) => {
    const answer = (await provider(context)) as TokenResponse;
    if (context.scopes.includes('write')) wide.add(`Bearer ${answer.token}`);
    return answer;
  };
  const [first, second] = [
    open({ provider: watched, respond, stepUp: ['write'] }),
    open({ provider: watched, respond, stepUp: ['write'] }),
  ];
  await first.client.session.signIn(issuer.login('ada'));
  expect(await second.request({ auth: false })).toBe(403);
  expect(await first.request()).toBe(200);
  await clock.advance(1000);
  expect(await second.request()).toBe(200);
  expect(second.asked).toHaveLength(0);
});

test('a new refresh token beside an access token that cannot be used is stored', async () => {
  const { clock, document, first, calls } = await createEndedPeers();
  const request = first.request();
  await settle();
  calls[0]?.resolve({ token: 'Bearer twice', refreshToken: 'refresh-token-of-ada-9' });
  await clock.advance(100);
  expect(await request).toBe('TOKEN_INVALID');
  expect(document()).toMatchObject({ state: 'signed-in', refreshToken: 'refresh-token-of-ada-9' });
  expect(document()?.claim).toBeUndefined();
});

/** A client whose request is under way until the test lets it be answered. */
async function createUnderWay() {
  const peers = createPeers();
  const { issuer, open } = peers;
  const answer = createDeferred<Response>();
  let isSlow = false;
  const [first, second] = [open(), open({ respond: () => (isSlow ? answer.promise : new Response('ok')) })];
  await first.client.session.signIn(issuer.login('ada'));
  await second.request();
  isSlow = true;
  const underWay = second.request();
  await settle();
  isSlow = false;
  return { ...peers, first, second, underWay, answer };
}

test('a switch of user elsewhere ends the requests of the user before', async () => {
  const { clock, issuer, first, second, underWay, answer } = await createUnderWay();
  await first.client.session.signIn(issuer.login('bob'));
  await clock.advance(1000);
  await second.request();
  expect(second.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'bob' } });
  answer.resolve(new Response('data of ada'));
  expect(await underWay).toBe('SESSION_CHANGED');
});

test('the same user who signed out and in again elsewhere is not who began a request', async () => {
  const { clock, issuer, first, second, underWay, answer } = await createUnderWay();
  await first.client.signOut();
  await first.client.session.signIn(issuer.login('ada'));
  await clock.advance(1000);
  await second.request();
  expect(second.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  answer.resolve(new Response('data of ada'));
  expect(await underWay).toBe('SESSION_CHANGED');
});

test('the same user who comes back after the session ended elsewhere continues it', async () => {
  const { clock, issuer, first, second, underWay, answer } = await createUnderWay();
  issuer.revoke();
  clock.sleep(2 * MINUTE);
  expect(await first.request()).toBe('SESSION_ENDED');
  await second.request();
  expect(second.client.session.snapshot.status).toBe('ended');
  await first.client.session.signIn(createRotatingIssuer().login('ada'));
  await clock.advance(1000);
  await second.request();
  expect(second.client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  answer.resolve(new Response('data of ada'));
  expect(await underWay).toBe(200);
});

test('a machine that slept on the answer of its store does not take tokens for younger than they are', async () => {
  const { clock, issuer, memory, open } = createPeers();
  await open().client.session.signIn(issuer.login('ada'));
  await clock.advance(50_500);
  let isSleepy = true;
  const now = (): number => {
    const answered = memory.now() as number;
    if (isSleepy) clock.sleep(8000);
    isSleepy = false;
    return answered;
  };
  const late = open({ store: { now } });
  const request = late.request();
  await clock.advance(2000);
  expect(await request).toBe(200);
  expect(late.asked).toHaveLength(1);
});

test('a claim that is over is watched for 2 s, and sleep is no watching', async () => {
  const clock = createManualClock();
  const sighting = new Sighting('another', clock);
  expect(sighting.isOver(59_000)).toBe(false);
  await clock.advance(30_000);
  // Some platforms' monotonic clock goes on in a sleep.
  expect(sighting.isOver(89_000)).toBe(false);
  await clock.advance(30_000);
  expect(sighting.isOver(119_000)).toBe(false);
  await clock.advance(999);
  expect(sighting.isOver(119_999)).toBe(false);
  await clock.advance(1);
  expect(sighting.isOver(120_000)).toBe(true);
});

test('where the clock of the store stands still a claim is over all the same', async () => {
  const clock = createManualClock();
  const sighting = new Sighting('another', clock);
  await clock.advance(60_000);
  expect(sighting.isOver(0)).toBe(false);
  for (const isOver of [false, false, true]) {
    await clock.advance(1000);
    expect(sighting.isOver(0)).toBe(isOver);
  }
});
