import { expect, test } from 'vitest';
import { bindRefreshToken } from '../../src/bound-refresh-token.ts';
import type { EndedSession, TokenResponse, TokenResult, TokenSource } from '../../src/contracts.ts';
import { accessToken, apiKey, Client, type ClientOptions, combine } from '../../src/index.ts';
import { type DiscoveredOptions, discovered, refreshToken } from '../../src/oauth.ts';
import { memoryStore } from '../../src/stores.ts';
import { settle } from '../support/clock.ts';
import { startDiscoverableApi, startPlainIssuer } from '../support/discoverable.ts';
import { HandedOut } from '../support/handed-out.ts';
import { quiet } from '../support/quiet.ts';
import { createLoginTab, type LoginTab } from '../support/redirect-tab.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createDeferred, createTokenValet, type Deferred, outcomeOf } from '../support/token-valet.ts';

const MACHINE = { clientId: 'svc', clientSecret: 'svc-secret-0123' };

/** In the place of a login. */
const MACHINE_GRANT = { ...MACHINE, grant: undefined } as unknown as Partial<DiscoveredOptions>;

/** An API, its issuer, a tab where users sign in, and a client of all that. */
async function start(more: Partial<DiscoveredOptions> = {}, options: ClientOptions = {}) {
  const issuer = await startPlainIssuer();
  const api = await startDiscoverableApi(issuer.origin);
  const tab = createLoginTab();
  const { grant, storage } = tab;
  const own = { clientId: 'spa', issuers: [issuer.origin], storage, grant, ...more };
  const source = discovered(own as typeof own & { grant: typeof grant });
  const client = new Client(source, { baseUrl: api.origin, logger: quiet, ...options });
  return {
    issuer,
    api,
    tab,
    source,
    client,
    async signIn() {
      await source.signIn();
      tab.comeBack('a-code');
      await source.handleRedirect();
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await Promise.all([issuer.close(), api.close()]);
    },
  };
}

test('the key of an application goes along with a token that is discovered', async () => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  const user = accessToken(discovered({ ...MACHINE, issuers: [issuer.origin] }));
  using client = new Client(combine([apiKey('key-0123456789'), user]), {
    baseUrl: api.origin,
    logger: quiet,
  });
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(api.received.at(-1)?.headers).toMatchObject({ 'x-api-key': 'key-0123456789' });
  expect(api.received.at(-1)?.headers.authorization).toMatch(/^Bearer access-1/);
  api.refuses = (token) => token.startsWith('access-1');
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(issuer.forms('/token')).toHaveLength(2);
});

test('what was discovered serves every client that shares the session', async () => {
  await using valet = await start(MACHINE_GRANT);
  const { client, api, issuer } = valet;
  const child = client.extend({ baseUrl: `${api.origin}/mcp/` });
  expect(await outcomeOf(child.fetch('tools'))).toBe(200);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(issuer.forms('/token')).toHaveLength(1);
  expect(api.asked()).toBe(1);
});

test('the tokens of a program are renewed without asking the resource again', async () => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  using client = new Client(discovered({ ...MACHINE, issuers: [issuer.origin] }), { baseUrl: api.origin });
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  await client.session.refresh();
  api.refuses = (token) => !token.startsWith('access-3');
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(api.asked()).toBe(1);
  expect(issuer.forms('/token').map((form) => form.get('resource'))).toEqual(
    [1, 2, 3].map(() => `${api.origin}/mcp`),
  );
});

test('a login is taken at once, and told to whoever listens', async () => {
  await using valet = await start();
  const { client, api, issuer, signIn } = valet;
  expect(await outcomeOf(client.fetch('mcp'))).toBe('SIGNED_OUT');
  const signedIn = new Promise<void>((resolve) => {
    client.on('signedin', () => resolve());
  });
  await signIn();
  await signedIn;
  expect(client.session.snapshot.status).toBe('signed-in');
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(issuer.forms('/token')).toHaveLength(1);
  expect(api.received).toHaveLength(3);
});

test('a login that comes back before there is a client is taken at once, too', async () => {
  await using valet = await start();
  const { client, api, issuer, tab, source } = valet;
  await outcomeOf(client.fetch('mcp'));
  await source.signIn();
  tab.comeBack('a-code');
  const { storage, grant } = tab;
  const next = discovered({ clientId: 'spa', issuers: [issuer.origin], storage, grant });
  await next.handleRedirect();
  using later = new Client(next, { baseUrl: api.origin, logger: quiet });
  const signedIn = new Promise<void>((resolve) => {
    later.on('signedin', () => resolve());
  });
  await signedIn;
  expect(later.session.snapshot.status).toBe('signed-in');
});

test('a later login asks for what the 401 had named, also after a reload and where only the session is stored', async () => {
  const store = memoryStore();
  await using valet = await start();
  const { api, issuer } = valet;
  api.challenge = `${api.challenge ?? ''}, scope="read write"`;
  const load = ({ storage, grant }: Pick<LoginTab, 'storage' | 'grant'>) => {
    const source = discovered({ clientId: 'spa', issuers: [issuer.origin], storage, grant });
    const client = new Client(accessToken(source, { store }), { baseUrl: api.origin, logger: quiet });
    return { source, client };
  };
  const tab = createLoginTab();
  const before = load(tab);
  await outcomeOf(before.client.fetch('mcp'));
  await before.source.signIn();
  before.client.close();
  tab.comeBack('a-code');
  const after = load(tab);
  await after.source.handleRedirect();
  await after.source.signIn();
  after.client.close();
  const other = createLoginTab();
  const later = load(other);
  api.refuses = (token) => token.startsWith('access-1');
  expect(await outcomeOf(later.client.fetch('mcp'))).toBe(200);
  await later.source.signIn();
  later.client.close();
  expect([...tab.left, ...other.left].map(({ searchParams }) => searchParams.get('scope'))).toEqual(
    [1, 2, 3].map(() => 'read write'),
  );
  expect(issuer.forms('/token').map((form) => form.get('refresh_token'))).toEqual([
    null,
    expect.stringMatching(/^refresh-1/),
  ]);
  expect(api.asked()).toBe(1);
});

test.each([
  ['a client that was there before', true],
  ['a client that is made after it', false],
])('what a grant warns of after a login is told to %s', async (_, isBefore) => {
  await using valet = await start({ scopes: ['offline_access'] });
  const { client, api, issuer, tab } = valet;
  issuer.token = () => ({ access_token: 'access-token-0123', token_type: 'Bearer' });
  await outcomeOf(client.fetch('mcp'));
  await valet.source.signIn();
  tab.comeBack('a-code');
  const { storage, grant } = tab;
  const source = discovered({ clientId: 'spa', issuers: [issuer.origin], storage, grant });
  const make = (): Client => new Client(source, { baseUrl: api.origin, logger: quiet });
  const early = isBefore ? make() : undefined;
  if (!isBefore) await source.handleRedirect();
  using listening = early ?? make();
  const warnings: string[] = [];
  listening.on('warning', ({ code }) => warnings.push(code));
  if (isBefore) await source.handleRedirect();
  expect(await listening.session.ready).toMatchObject({ status: 'signed-in' });
  expect(warnings).toEqual(['NO_REFRESH_TOKEN']);
});

test('a new login takes the place of a session that is stored for another issuer', async () => {
  await using former = await startPlainIssuer();
  const store = memoryStore();
  await using valet = await start();
  const { api, issuer, tab } = valet;
  const load = (...issuers: string[]) => {
    const { storage, grant } = tab;
    const source = discovered({ clientId: 'spa', issuers, storage, grant });
    const client = new Client(accessToken(source, { store }), { baseUrl: api.origin, logger: quiet });
    return { source, client };
  };
  api.metadata = { resource: `${api.origin}/mcp`, authorization_servers: [former.origin] };
  const one = load(former.origin);
  await outcomeOf(one.client.fetch('mcp'));
  await one.source.signIn();
  tab.comeBack('a-code');
  await one.source.handleRedirect();
  expect(await outcomeOf(one.client.fetch('mcp'))).toBe(200);
  one.client.close();

  api.metadata = { resource: `${api.origin}/mcp`, authorization_servers: [issuer.origin] };
  await outcomeOf(valet.client.fetch('mcp'));
  await valet.source.signIn();
  tab.comeBack('another-code');
  const other = load(former.origin, issuer.origin);
  await other.source.handleRedirect();
  expect(await outcomeOf(other.client.fetch('mcp'))).toBe(200);
  expect(api.received.at(-1)?.headers.authorization).toContain(new URL(issuer.origin).port);
  expect(former.forms('/token')).toHaveLength(1);
  other.client.close();
});

test('a sign-out revokes at the issuer what the issuer knows, and goes on at its own pages', async () => {
  await using valet = await start();
  const { client, issuer, tab, signIn } = valet;
  await outcomeOf(client.fetch('mcp'));
  await signIn();
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  await client.signOut();
  const [revoked] = issuer.forms('/revoke');
  expect(revoked?.get('token')).toMatch(/^refresh-1-of-\d+$/);
  expect(tab.left.at(-1)?.pathname).toBe('/end_session');
  expect(await outcomeOf(client.fetch('mcp'))).toBe('SIGNED_OUT');
});

test('a sign-out of a page that has not asked anybody yet reaches the issuer of the stored session', async () => {
  const store = memoryStore();
  await using valet = await start();
  const { api, issuer, tab } = valet;
  const { storage, grant } = tab;
  const load = () => {
    const source = discovered({ clientId: 'spa', issuers: [issuer.origin], storage, grant });
    return {
      source,
      client: new Client(accessToken(source, { store }), { baseUrl: api.origin, logger: quiet }),
    };
  };
  const before = load();
  await outcomeOf(before.client.fetch('mcp'));
  await before.source.signIn();
  tab.comeBack('a-code');
  await before.source.handleRedirect();
  await outcomeOf(before.client.fetch('mcp'));
  before.client.close();
  const { client } = load();
  await client.signOut();
  expect(issuer.forms('/revoke')[0]?.get('token')).toMatch(/^refresh-1-of-\d+$/);
  client.close();
});

test('tokens that come too late are given back as their issuer knows them', async () => {
  const asked = createDeferred<void>();
  const answer = createDeferred<TokenResponse>();
  const givenBack = createDeferred<EndedSession>();
  const own: TokenSource = {
    // One that does not heed its signal.
    getToken() {
      asked.resolve();
      return answer.promise;
    },
    revoke: (late) => givenBack.resolve(late),
  };
  await using valet = await start({ grant: () => own } as Partial<DiscoveredOptions>);
  const { client } = valet;
  const going = outcomeOf(client.fetch('mcp'));
  await asked.promise;
  await client.signOut();
  expect(await going).toBe('SIGNED_OUT');
  answer.resolve({ access_token: 'late-access-0123', refresh_token: 'late-refresh-0123' });
  expect((await givenBack.promise).refreshToken).toBe('late-refresh-0123');
});

test('a sign-out in the middle of a refresh revokes what the issuer knows', async () => {
  await using valet = await start({ grant: (found) => refreshToken(found) });
  const { client, issuer } = valet;
  const asked = createDeferred<void>();
  const answer = createDeferred<object>();
  await outcomeOf(client.fetch('mcp'));
  const resource = `${valet.api.origin}/mcp`;
  const bound = bindRefreshToken('refresh-of-a-login', { issuer: issuer.origin, resource });
  await client.session.signIn({ access_token: 'access-of-a-login', refresh_token: bound });
  issuer.token = () => {
    asked.resolve();
    return answer.promise;
  };
  const refreshing = valetErrorOf(() => client.session.refresh());
  await asked.promise;
  await client.signOut();
  expect(await refreshing).toMatchObject({ code: 'SIGNED_OUT' });
  expect(issuer.forms('/revoke').map((form) => form.get('token'))).toEqual(['refresh-of-a-login']);
});

test('a sign-out in the middle of discovery ends it: nobody is asked for a token', async () => {
  await using valet = await start(MACHINE_GRANT);
  const { client, api, issuer } = valet;
  const asked = createDeferred<void>();
  api.answer = () => asked.resolve();
  const going = outcomeOf(client.fetch('mcp'));
  await asked.promise;
  await client.signOut();
  expect(['SIGNED_OUT', 'SESSION_CHANGED']).toContain(await going);
  expect(issuer.received).toEqual([]);
});

test('metadata that never come hold a request for its deadline, and the next one asks again', async () => {
  const { promise } = createDeferred<Response>();
  const asked: string[] = [];
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    asked.push(new Request(input).url);
    return promise;
  };
  const source = discovered({ ...MACHINE, issuers: ['https://id.example'], fetch });
  const rig = new HandedOut(source);
  rig.answer(() => new Response(null, { status: 401 }));
  const waiting = rig.failure('hang', () => rig.client.fetch('mcp'));
  await rig.clock.advance(9999);
  expect(rig.codes).toEqual([]);
  await rig.clock.advance(1);
  await waiting;
  expect(rig.codes).toEqual(['TOKEN_TIMEOUT']);
  await rig.clock.advance(60_000);
  const again = rig.failure('hang again', () => rig.client.fetch('mcp'));
  await rig.clock.advance(10_000);
  await again;
  expect(asked.length).toBeGreaterThan(1);
  expect(new Set(asked)).toEqual(
    new Set(['https://api.example/.well-known/oauth-protected-resource/v1/mcp']),
  );
});

test('requests of a session that ended wait for the login, where they are told to', async () => {
  await using valet = await start({}, { whenSessionEnds: 'hold' });
  const { client, issuer, api, signIn } = valet;
  await outcomeOf(client.fetch('mcp', { signal: AbortSignal.timeout(200) }));
  issuer.token = () => ({
    access_token: `access-${issuer.forms('/token').length}-held`,
    token_type: 'Bearer',
    refresh_token: `refresh-${issuer.forms('/token').length}-held`,
    id_token: undefined,
  });
  await signIn();
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  issuer.token = (_, response) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    return undefined;
  };
  await client.session.refresh().catch(() => {});
  expect(client.session.snapshot.status).toBe('ended');
  const held = outcomeOf(client.fetch('mcp'));
  const { user } = client.session.snapshot as { user?: { id: string } };
  expect(user).toBeDefined();
  issuer.token = () => ({
    access_token: 'access-after-login',
    token_type: 'Bearer',
    refresh_token: 'refresh-after',
  });
  await signIn();
  // Without an ID token each login is of somebody new (rule T7).
  expect(await held).toBe('SESSION_CHANGED');
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(api.asked()).toBe(1);
});

test('a 401 that joins a refresh which knew nothing of it is looked into afterwards', async () => {
  const calls: { readonly isTold: boolean; readonly answer: Deferred<TokenResult> }[] = [];
  const own: TokenSource = {
    discovers: true,
    getToken({ challenge }) {
      const answer = createDeferred<TokenResult>();
      calls.push({ isTold: challenge !== undefined, answer });
      return answer.promise;
    },
  };
  const refused = createDeferred<void>();
  const respond = async (request: Request): Promise<Response> => {
    if (request.headers.has('authorization')) return new Response('ok');
    await refused.promise;
    return new Response(null, { status: 401 });
  };
  const { request } = createTokenValet(own, { respond });
  const first = request();
  await settle();
  calls[0]?.answer.resolve(null);
  await settle();
  const second = request();
  await settle();
  refused.resolve();
  await settle();
  calls[1]?.answer.resolve(null);
  await settle();
  calls[2]?.answer.resolve('token-0123456789');
  expect([await first, await second]).toEqual([200, 200]);
  expect(calls.map(({ isTold }) => isTold)).toEqual([false, false, true]);
});

test('a grant without a login has none, and says so', async () => {
  await using valet = await start({ grant: (found) => refreshToken(found) } as Partial<DiscoveredOptions>);
  const { client, source } = valet;
  expect(await source.handleRedirect()).toBeUndefined();
  await outcomeOf(client.fetch('mcp'));
  expect(await valetErrorOf(() => source.signIn())).toMatchObject({ code: 'INVALID_OPTION' });
  expect(await valetErrorOf(() => source.handleRedirect())).toMatchObject({ code: 'INVALID_OPTION' });
});

test.each([
  '',
  'null',
  '{',
  '5',
  '"ab"',
  '[]',
  '["https://id.example"]',
  '[5,6]',
  '{"issuer":"https://id.example"}',
])('a page that finds %j where a login notes its issuer has no login to finish', async (noted) => {
  await using valet = await start();
  const { tab, source, issuer } = valet;
  tab.storage.setItem('fetch-valet:discovered:spa', noted);
  tab.comeBack('a-code');
  expect(await source.handleRedirect()).toBeUndefined();
  expect(issuer.received).toEqual([]);
});

test('a page whose storage names an issuer that is not listed sends it nothing', async () => {
  await using valet = await start();
  await using evil = await startPlainIssuer();
  const { tab, source, api } = valet;
  tab.storage.setItem('fetch-valet:discovered:spa', JSON.stringify([evil.origin, `${api.origin}/mcp`]));
  tab.comeBack('a-code');
  expect(await source.handleRedirect()).toBeUndefined();
  expect(evil.received).toEqual([]);
});

test('two clients of one page note their logins apart', async () => {
  await using one = await start();
  await using issuer = await startPlainIssuer();
  const { tab, client, source, api } = one;
  const { storage, grant } = tab;
  await outcomeOf(client.fetch('mcp'));
  await source.signIn();
  api.metadata = { resource: `${api.origin}/mcp`, authorization_servers: [issuer.origin] };
  const other = discovered({ clientId: 'another', issuers: [issuer.origin], storage, grant });
  using second = new Client(other, { baseUrl: api.origin, logger: quiet });
  await outcomeOf(second.fetch('mcp'));
  await other.signIn();
  tab.comeBack('a-code', 0);
  const page = discovered({ clientId: 'spa', issuers: [one.issuer.origin], storage, grant });
  expect(await page.handleRedirect()).toEqual({ returnTo: 'http://127.0.0.1/app' });
  expect(one.issuer.forms('/token')).toHaveLength(1);
});

test('options that cannot work are refused, also where they look as if they could', async () => {
  const clientAuthentication = { privateKey: {} } as unknown as DiscoveredOptions['clientAuthentication'];
  const issuers = ['https://id.example'];
  expect(discovered({ clientId: 'svc', issuers, clientAuthentication }).discovers).toBe(true);
  const wrong = [
    { ...MACHINE, approve: 'yes' },
    { clientId: 'svc', issuers, clientAuthentication: 'client_secret_basic' },
    { ...MACHINE, issuers, audience: 'https://api.example' },
    { ...MACHINE, issuers, endpoints: { token: 'https://id.example/token' } },
    { ...MACHINE, issuers: ['http://id.example'] },
    { ...MACHINE, issuers: ['https://user:pass@id.example'] },
  ];
  for (const options of wrong) {
    const { code } = await valetErrorOf(() => discovered(options as unknown as DiscoveredOptions));
    expect(['INVALID_OPTION', 'INSECURE_URL']).toContain(code);
  }
});

test('who stops listening hears of no login', async () => {
  await using valet = await start();
  const { source, client, signIn } = valet;
  await outcomeOf(client.fetch('mcp'));
  const told: unknown[] = [];
  const off = source.subscribe?.((isAtHand) => void told.push(isAtHand));
  await signIn();
  off?.();
  await signIn();
  expect(told).toEqual([true]);
});

const SECRETS = {
  refresh: 'refresh/token+of=a&login?0123',
  next: 'the~next|refresh"token\\4567',
  access: 'access.token-of.a-login_89',
  secret: 'client:secret%of the svc!ab',
};

test('what goes to an issuer and comes back in its words is masked: bound and bare, in every form', async () => {
  const forms: readonly ((said: string) => string)[] = [
    (said) => said,
    encodeURIComponent,
    (said) => btoa(said),
    (said) => JSON.stringify(said),
    (said) => btoa(`svc:${said}`),
    // Cut in the middle where texts are cut before they are masked.
    (said) => `${'x'.repeat(150)}${said}`,
  ];
  const binding = { issuer: 'https://id.example', resource: BASE };
  const bound = bindRefreshToken(SECRETS.refresh, binding);
  const said = [...Object.values(SECRETS), bound, bindRefreshToken(SECRETS.next, binding)];
  for (const form of forms) {
    const echo = said.map(form).join(' and ');
    const fetch = echoing(echo);
    const options = { clientId: 'svc', clientSecret: SECRETS.secret, issuers: [binding.issuer], fetch };
    const source = discovered({ ...options, grant: (found) => refreshToken(found) });
    const rig = new HandedOut(source);
    rig.answer(() => new Response(null, { status: 401 }));
    await rig.failure('signed out', () => rig.client.fetch('x'));
    await rig.client.session.signIn({ access_token: SECRETS.access, refresh_token: bound });
    rig.answer(() => Response.json({ ok: true }));
    await rig.client.session.refresh();
    await rig.fetch('x');
    await rig.failure('refused', () => rig.client.session.refresh());
    await rig.failure('signed out at last', () => rig.client.signOut());
    rig.expectClean(Object.values(SECRETS));
    expect(rig.codes).toContain('TOKEN_ENDPOINT_REJECTED');
  }
});

test('a grant of one’s own that quotes the refresh token it was handed is masked, too', async () => {
  const grant = (): TokenSource => ({
    getToken({ refreshToken: handed }) {
      if (handed === undefined) return null;
      throw new Error(`cannot redeem ${handed} or ${encodeURIComponent(handed)} or ${btoa(handed)}`);
    },
  });
  const issuers = ['https://id.example'];
  const rig = new HandedOut(discovered({ clientId: 'spa', issuers, grant, fetch: echoing('') }));
  const bound = bindRefreshToken(SECRETS.refresh, { issuer: 'https://id.example', resource: BASE });
  await rig.client.session.signIn({ access_token: SECRETS.access, refresh_token: bound });
  await rig.failure('quoted', () => rig.client.session.refresh());
  expect(rig.codes).toEqual(['TOKEN_PROVIDER_FAILED']);
  expect(rig.said.join()).toContain('cannot redeem [redacted]');
  rig.expectClean(Object.values(SECRETS));
});

const BASE = 'https://api.example/v1';

/** An issuer that hands out tokens once, and then says in its refusals all that it was ever sent. */
function echoing(echo: string): typeof globalThis.fetch {
  let asked = 0;
  return async (input) => {
    const { url } = new Request(input);
    if (url.includes('oauth-protected-resource'))
      return Response.json({ resource: BASE, authorization_servers: ['https://id.example'] });
    if (url.includes('.well-known')) return Response.json(AUTHORIZATION_SERVER);
    if (url.endsWith('/token') && ++asked === 1)
      return Response.json({
        access_token: SECRETS.access,
        token_type: 'Bearer',
        refresh_token: SECRETS.next,
      });
    return Response.json(
      { error: 'invalid_client', error_description: echo },
      { status: 400, statusText: 'no' },
    );
  };
}

const AUTHORIZATION_SERVER = {
  issuer: 'https://id.example',
  token_endpoint: 'https://id.example/token',
  revocation_endpoint: 'https://id.example/revoke',
};
