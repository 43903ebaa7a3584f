import { expect, test } from 'vitest';
import type { SessionDocument, TokenSource } from '../../src/contracts.ts';
import { accessToken, Client } from '../../src/index.ts';
import { clientCredentials, deviceCode, jwtBearer, refreshToken, tokenExchange } from '../../src/oauth.ts';
import { authorizationCode as loopbackLogin } from '../../src/oauth-node.ts';
import { memoryStore } from '../../src/stores.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.mjs';
import { createManualClock, type ManualClock, settle } from '../support/clock.ts';
import { comeBack, openTab } from '../support/login-tab.ts';
import { startServer } from '../support/server.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createUserAgent } from '../support/user-agent.ts';

type Where = 'request' | 'answer' | 'half';
const WHERE: readonly Where[] = ['request', 'answer', 'half'];

/** What a grant asks the server for; the pages of its users are not cut. */
const ASKED = /^(GET \/\.well-known\/|POST \/token$|POST \/device\/auth$)/;

/** The network is gone from the `step`-th request of the grant on, or for that request alone. */
function cut(server: AuthorizationServer, where: Where, step: number, isOnce = false): void {
  let count = 0;
  server.cut = (_, what) => {
    if (!ASKED.test(what)) return undefined;
    count++;
    return count === step || (count > step && !isOnce) ? where : undefined;
  };
}

const UNAVAILABLE = {
  code: 'TOKEN_ENDPOINT_UNAVAILABLE',
  retryable: true,
  message: expect.stringMatching(/cannot be reached .*Try again; check the network/),
};

interface Scene {
  readonly server: AuthorizationServer;
  readonly clock: ManualClock;
  readonly client: Client;
  stored(): Promise<SessionDocument | undefined>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function createScene(
  make: (server: AuthorizationServer, clock: ManualClock) => TokenSource | Promise<TokenSource>,
  initial?: (server: AuthorizationServer) => Promise<string>,
): Promise<Scene> {
  const server = await startAuthorizationServer();
  const api = await startServer();
  const clock = createManualClock(Date.now());
  const shared = memoryStore();
  const start = initial && { initial: { refresh_token: await initial(server) } };
  const strategy = accessToken(await make(server, clock), { store: shared, deadline: 500, ...start });
  const client = new Client(strategy, { baseUrl: api.origin, runtime: { clock, random: () => 1 } });
  return {
    server,
    clock,
    client,
    stored: async () => (await shared.store.read()) as SessionDocument | undefined,
    async [Symbol.asyncDispose]() {
      client.close();
      await Promise.all([api.close(), server.close()]);
    },
  };
}

/** What a login left in the store before anything came of it: nothing, and nobody's turn. */
async function expectNothing({ stored }: Scene): Promise<void> {
  const { state = 'none', tokens = [], claim, refreshToken: kept } = (await stored()) ?? {};
  expect({ state, tokens, claim, kept }).toEqual({
    state: 'none',
    tokens: [],
    claim: undefined,
    kept: undefined,
  });
}

const svc = { clientId: 'svc', clientSecret: 'svc-secret-0123' };
const cli = { clientId: 'cli', scopes: ['openid', 'offline_access', 'read'] };

/** An opaque access token, as one service hands it to the next. */
async function subjectTokenOf({ issuer }: AuthorizationServer): Promise<string> {
  const headers = { authorization: `Basic ${btoa('svc:svc-secret-0123')}` };
  const body = new URLSearchParams({ grant_type: 'client_credentials', resource: 'https://opaque.test/' });
  const answer = await fetch(`${issuer}/token`, { method: 'POST', headers, body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

const machines: Readonly<
  Record<string, (server: AuthorizationServer) => TokenSource | Promise<TokenSource>>
> = {
  clientCredentials: ({ issuer }) => clientCredentials({ issuer, ...svc }),
  tokenExchange: async (server) =>
    tokenExchange({ issuer: server.issuer, ...svc, subjectToken: await subjectTokenOf(server) }),
};
const MACHINES = Object.keys(machines).flatMap((grant) =>
  [1, 2].flatMap((step) => WHERE.map((where) => [grant, step, where] as const)),
);

test.each(MACHINES)(
  '%s without a network from request %i on (%s): a typed error, and later a token',
  async (grant, step, where) => {
    await using scene = await createScene((server) => machines[grant]?.(server) ?? { getToken: () => null });
    const { server, client, clock } = scene;
    cut(server, where, step);
    expect(await valetErrorOf(() => client.get('orders'))).toMatchObject(UNAVAILABLE);
    await expectNothing(scene);
    server.cut = undefined;
    await clock.advance(2000);
    expect((await client.fetch('/')).status).toBe(204);
    expect(await scene.stored()).toMatchObject({ state: 'signed-in', tokens: [{}] });
  },
);

test.each(MACHINES)(
  '%s whose request %i is cut once (%s) is asked for again at once (rule T4)',
  async (grant, step, where) => {
    await using scene = await createScene((server) => machines[grant]?.(server) ?? { getToken: () => null });
    cut(scene.server, where, step, true);
    expect((await scene.client.fetch('/')).status).toBe(204);
  },
);

/** A refresh token of a user who has signed in. */
async function refreshTokenOf({ issuer }: AuthorizationServer): Promise<string> {
  const clock = createManualClock();
  const agent = createUserAgent();
  const source = deviceCode({
    issuer,
    ...cli,
    clock,
    onCode: (code) => agent.approveDevice(code.verificationUriComplete ?? ''),
  });
  await passing(clock, source.signIn());
  const { signal } = new AbortController();
  const answer = await source.getToken({ reason: 'initial', forceRefresh: false, scopes: [], signal });
  return ((await (answer as Response).json()) as { refresh_token: string }).refresh_token;
}

/** Moves the clock on whenever somebody waits for it, until `promise` has settled. */
async function passing<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let isDone = false;
  const mark = (): void => {
    isDone = true;
  };
  promise.then(mark, mark);
  while (!isDone) {
    await settle();
    if (clock.timers > 0) await clock.advance(1000);
  }
  return promise;
}

test.each([1, 2].flatMap((step) => WHERE.map((where) => [step, where] as const)))(
  'a refresh without a network from request %i on (%s) keeps the session, unless the server has spent its token',
  async (step, where) => {
    await using scene = await createScene(
      ({ issuer }) => refreshToken({ issuer, clientId: 'cli' }),
      refreshTokenOf,
    );
    const { server, client, clock, stored } = scene;
    cut(server, where, step);
    expect(await valetErrorOf(() => client.get('orders'))).toMatchObject(UNAVAILABLE);
    const { state, tokens, claim, refreshToken: kept } = (await stored()) ?? {};
    expect({ state, tokens, claim }).toEqual({ state: 'none', tokens: [], claim: undefined });
    expect(kept).toBeDefined();
    server.cut = undefined;
    await clock.advance(2000);
    const isSpent = step === 2 && where !== 'request';
    if (isSpent) {
      expect((await valetErrorOf(() => client.get('orders'))).code).toMatch(/SIGNED_OUT|SESSION_ENDED/);
      return;
    }
    expect((await client.fetch('/')).status).toBe(204);
    const after = await stored();
    expect(after).toMatchObject({ state: 'signed-in', tokens: [{}] });
    expect(after?.refreshToken).not.toBe(kept);
  },
);

test.each([1, 2, 3].flatMap((step) => WHERE.map((where) => [step, where] as const)))(
  'a login without a network from request %i on (%s) leaves nothing behind, and a new one succeeds',
  async (step, where) => {
    const tabs: ReturnType<typeof openTab>[] = [];
    await using scene = await createScene((server) => {
      // The page that the user leaves, and the one that they come back to.
      const [before, after] = [openTab(server), openTab(server)];
      tabs.push(before, after);
      return after.source;
    });
    const [before, after] = tabs;
    if (!before || !after) throw new Error('there are no tabs');
    const { server, client, stored } = scene;
    const login = async (): Promise<void> => {
      await before.source.signIn();
      await comeBack(before);
      for (const [key, text] of before.stored) after.stored.set(key, text);
      before.stored.clear();
      after.href = before.href;
      await after.source.handleRedirect();
    };
    cut(server, where, step);
    expect(await valetErrorOf(login)).toMatchObject(UNAVAILABLE);
    expect([before.stored.size, after.stored.size]).toEqual([0, 0]);
    expect(new URL(after.href).search).not.toContain('code=');
    await expectNothing(scene);
    expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({ code: 'SIGNED_OUT' });
    server.cut = undefined;
    await login();
    expect((await client.fetch('/')).status).toBe(204);
    expect(await stored()).toMatchObject({ state: 'signed-in', userId: 'alice' });
  },
);

test.each(WHERE)(
  'a login of a command-line program whose exchange is cut (%s) frees its port and may be begun anew',
  async (where) => {
    const told: (string | undefined)[] = [];
    let uri = '';
    await using scene = await createScene(({ issuer }) => {
      const source = loopbackLogin({
        issuer,
        clientId: 'spa',
        scopes: ['openid', 'read'],
        path: '/cb',
        open(url) {
          uri = new URL(url).searchParams.get('redirect_uri') ?? '';
          void createUserAgent()
            .go(url)
            .then(({ body }) => told.push(body));
        },
      });
      sources.push(source);
      return source;
    });
    const source = sources.at(-1);
    if (!source) throw new Error('there is no source');
    cut(scene.server, where, 2);
    expect(await valetErrorOf(() => source.signIn())).toMatchObject(UNAVAILABLE);
    while (told.length === 0) await settle();
    expect(told[0]).toContain('The login failed.');
    await expect(fetch(uri)).rejects.toThrow(TypeError);
    await expectNothing(scene);
    scene.server.cut = undefined;
    await source.signIn();
    expect((await scene.client.fetch('/')).status).toBe(204);
  },
);

const sources: ReturnType<typeof loopbackLogin>[] = [];

test.each([1, 2, 3, 4].flatMap((step) => WHERE.map((where) => [step, where] as const)))(
  'a device whose request %i is cut (%s) goes on waiting, or says so and may begin anew',
  async (step, where) => {
    const agent = createUserAgent();
    const logins: ReturnType<typeof deviceCode>[] = [];
    await using scene = await createScene(({ issuer }, clock) => {
      const source = deviceCode({
        issuer,
        ...cli,
        clock,
        onCode({ verificationUriComplete = '' }) {
          approve = () => agent.approveDevice(verificationUriComplete);
        },
      });
      logins.push(source);
      return source;
    });
    let approve = (): Promise<void> => Promise.resolve();
    const [source] = logins;
    if (!source) throw new Error('there is no source');
    const { server, client, clock, stored } = scene;
    /** The user answers after the first time that the device has asked. */
    const login = async (): Promise<void> => {
      const polls = (): number => server.received.filter((what) => what === 'POST /token').length;
      const before = polls();
      const signedIn = source.signIn();
      let isDone = false;
      const mark = (): void => {
        isDone = true;
      };
      signedIn.then(mark, mark);
      let isAnswered = false;
      while (!isDone) {
        await settle();
        if (polls() > before && !isAnswered) {
          isAnswered = true;
          await approve();
        }
        if (clock.timers > 0) await clock.advance(1000);
      }
      await signedIn;
    };
    cut(server, where, step, true);
    // Its answer held the tokens, and the code is good once.
    const isSpent = step === 4 && where !== 'request';
    if (step <= 2) expect(await valetErrorOf(login)).toMatchObject(UNAVAILABLE);
    else if (isSpent) expect(await valetErrorOf(login)).toMatchObject({ oauthError: 'invalid_grant' });
    else await login();
    if (step <= 2 || isSpent) {
      await expectNothing(scene);
      await login();
    }
    expect((await client.fetch('/')).status).toBe(204);
    expect(await stored()).toMatchObject({ state: 'signed-in', userId: 'alice' });
  },
);

test('an assertion grant without a network is a typed error, and later a token', async () => {
  let isDown = true;
  await using server = await startServer((_, response) => {
    if (isDown) response.destroy();
    else
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"access_token":"token-0123","token_type":"Bearer"}');
  });
  await using scene = await createScene(() =>
    jwtBearer({
      endpoints: { token: `${server.origin}/token` },
      clientId: 'robot',
      assertion: () => 'signed',
    }),
  );
  expect(await valetErrorOf(() => scene.client.get('orders'))).toMatchObject(UNAVAILABLE);
  await expectNothing(scene);
  isDown = false;
  await scene.clock.advance(2000);
  expect((await scene.client.fetch('/')).status).toBe(204);
});
