import { get as request } from 'node:http';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { Client } from '../../src/index.ts';
import { authorizationCode, type LoopbackOptions } from '../../src/oauth-node.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.mjs';
import { createManualClock, settle } from '../support/clock.ts';
import { startServer } from '../support/server.ts';
import { thrownBy, valetErrorOf } from '../support/thrown.ts';
import { createDeferred } from '../support/token-valet.ts';
import { createUserAgent } from '../support/user-agent.ts';

/** A command-line program whose user has a browser of sorts. */
function createProgram(
  server: Pick<AuthorizationServer, 'issuer'>,
  open: LoopbackOptions['open'],
  more: Partial<LoopbackOptions> = {},
): ReturnType<typeof authorizationCode> {
  return authorizationCode({
    issuer: server.issuer,
    clientId: 'spa',
    scopes: ['openid', 'read'],
    audience: 'https://api.test/',
    path: '/cb',
    open,
    ...more,
  });
}

const redirectUriOf = (url: string): string => new URL(url).searchParams.get('redirect_uri') ?? '';

/** The status of a GET with a `Host` of one's own. */
function statusOf(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}

/** A login whose page is open and waits for its user. */
async function startLogin(server: AuthorizationServer) {
  const opened = createDeferred<string>();
  const signedIn = createProgram(server, (url) => opened.resolve(url)).signIn();
  const url = await opened.promise;
  const uri = redirectUriOf(url);
  return { signedIn, url, uri, host: new URL(uri).host };
}

test('a command-line program signs its user in with the browser of this machine (RFC 8252)', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const pages: (string | undefined)[] = [];
  const uris: string[] = [];
  const source = createProgram(server, (url) => {
    uris.push(redirectUriOf(url));
    void createUserAgent()
      .go(url)
      .then(({ body }) => pages.push(body));
  });
  using client = new Client(source, { baseUrl: api.origin });
  await source.signIn();
  expect((await client.fetch('/')).status).toBe(204);
  const token = api.received[0]?.headers.authorization?.slice('Bearer '.length) ?? '';
  expect(decodeJwt(token)).toMatchObject({ sub: 'alice', aud: 'https://api.test/' });
  while (pages.length === 0) await settle();
  expect(pages[0]).toContain('You are signed in.');
  expect(uris[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/cb$/);
  // Nobody listens there any more.
  expect(await thrownBy(() => fetch(uris[0] ?? ''))).toBeInstanceOf(TypeError);
});

test('a user who says no is told of as such, in the browser and in the program', async () => {
  await using server = await startAuthorizationServer();
  server.user = undefined;
  const page = createDeferred<string | undefined>();
  const source = createProgram(server, (url) => {
    void createUserAgent()
      .go(url)
      .then(({ body }) => page.resolve(body));
  });
  expect(await valetErrorOf(() => source.signIn())).toMatchObject({ oauthError: 'access_denied' });
  expect(await page.promise).toContain('The login failed.');
});

test('who else knocks is not let in: another path, no state, another host, a second visitor', async () => {
  await using server = await startAuthorizationServer();
  const { signedIn, url, uri, host } = await startLogin(server);
  expect(await statusOf(new URL('/other?state=x', uri).href, host)).toBe(404);
  expect(await statusOf(uri, host)).toBe(404);
  expect(await statusOf(`${uri}?state=x&code=y`, 'evil.example')).toBe(404);
  await createUserAgent().go(url);
  await signedIn;
  expect(server.asked.get('authorization_code')).toBe(1);
});

test('the answer of a login that this program did not begin is not let in, and the login goes on', async () => {
  await using server = await startAuthorizationServer();
  const { signedIn, url, uri, host } = await startLogin(server);
  expect(await statusOf(`${uri}?code=stolen&state=chosen`, host)).toBe(404);
  expect(await statusOf(`${uri}?error=access_denied&state=chosen`, host)).toBe(404);
  expect(await statusOf(`${uri}?state=${new URL(url).searchParams.get('state')}`, host)).toBe(404);
  expect(server.asked.size).toBe(0);
  await createUserAgent().go(url);
  await signedIn;
  expect(server.asked.get('authorization_code')).toBe(1);
});

test('an abort ends the waiting and frees the port', async () => {
  await using server = await startAuthorizationServer();
  const opened = createDeferred<string>();
  const controller = new AbortController();
  const source = createProgram(server, (url) => opened.resolve(url));
  const failed = thrownBy(() => source.signIn({ signal: controller.signal }));
  const uri = redirectUriOf(await opened.promise);
  controller.abort(new Error('enough'));
  expect(await failed).toMatchObject({ message: 'enough' });
  expect(await thrownBy(() => fetch(uri))).toBeInstanceOf(TypeError);
});

test('nobody is waited for longer than ten minutes', async () => {
  await using server = await startAuthorizationServer();
  const clock = createManualClock();
  const opened = createDeferred<string>();
  const source = createProgram(server, (url) => opened.resolve(url), { clock });
  const failed = valetErrorOf(() => source.signIn());
  await opened.promise;
  await clock.advance(600_000);
  expect(await failed).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(clock.timers).toBe(0);
});

test('what the program does to open the browser may fail, and the login with it', async () => {
  await using server = await startAuthorizationServer();
  const source = createProgram(server, () => Promise.reject(new Error('no browser')));
  expect(await thrownBy(() => source.signIn())).toMatchObject({ message: 'no browser' });
});

test('a misspelt option of a login is refused before the browser is opened', async () => {
  const opened: string[] = [];
  const source = createProgram({ issuer: 'https://id.example' }, (url) => void opened.push(url));
  for (const options of [{ scope: ['read'] }, { returnTo: '/orders' }]) {
    const error = await valetErrorOf(() => source.signIn(options as object));
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain('signal');
  }
  expect(opened).toEqual([]);
});

test.each<[string, object]>([
  ['nothing that opens a browser', { open: undefined }],
  ['a path that is none', { path: 'callback' }],
  ['a path with a query', { path: '/cb?x' }],
])('%s is an invalid option', async (_, options) => {
  const make = (): unknown =>
    createProgram({ issuer: 'https://id.example' }, () => {}, options as Partial<LoopbackOptions>);
  expect(await valetErrorOf(make)).toMatchObject({ code: 'INVALID_OPTION' });
});
