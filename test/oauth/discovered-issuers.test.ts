import { expect, test } from 'vitest';
import { bindRefreshToken } from '../../src/bound-refresh-token.ts';
import type { SessionDocument, StoredToken } from '../../src/contracts.ts';
import { accessToken, Client } from '../../src/index.ts';
import { type DiscoveredOptions, discovered, refreshToken } from '../../src/oauth.ts';
import { memoryStore, sharedStore } from '../../src/stores.ts';
import { type DiscoverableApi, startDiscoverableApi, startPlainIssuer } from '../support/discoverable.ts';
import { quiet } from '../support/quiet.ts';
import { createLoginTab } from '../support/redirect-tab.ts';
import { sendJson, startServer } from '../support/server.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { outcomeOf } from '../support/token-valet.ts';

const MACHINE = { clientId: 'svc', clientSecret: 'svc-secret-0123' };

function machine(...issuers: string[]): DiscoveredOptions {
  return { ...MACHINE, issuers };
}

/** Redeems refresh tokens, and knows no other way to tokens. */
function redeemer(...issuers: string[]): DiscoveredOptions {
  return { clientId: 'spa', issuers, grant: (found) => refreshToken(found) };
}

function connect(options: DiscoveredOptions, api: DiscoverableApi, store = memoryStore()): Client {
  return new Client(accessToken(discovered(options), { store }), { baseUrl: api.origin, logger: quiet });
}

/** What a tab has left in the store: the refresh token of `issuer`, for `resource`. */
function storedSession(
  issuer: string,
  resource: string,
  more: Partial<SessionDocument> = {},
): SessionDocument {
  return {
    format: 1,
    version: 1,
    epoch: 1,
    state: 'signed-in',
    userId: 'ada',
    refreshToken: bindRefreshToken('the-stored-refresh-token', { issuer, resource }),
    tokens: [],
    ...more,
  };
}

const STORED_TOKEN: StoredToken = {
  need: { scopes: [] },
  asked: [],
  granted: [],
  token: 'the-stored-access-token',
  received: Date.now(),
};

test('the code of a login goes to the issuer that was asked for it, not to the one that is named by then', async () => {
  await using honest = await startPlainIssuer();
  await using evil = await startPlainIssuer();
  await using api = await startDiscoverableApi(honest.origin);
  const tab = createLoginTab();
  const { grant, storage } = tab;
  const issuers = [honest.origin, evil.origin];
  const load = async () => {
    const source = discovered({ clientId: 'spa', issuers, storage, grant });
    using client = new Client(source, { baseUrl: api.origin, logger: quiet });
    await outcomeOf(client.fetch('mcp'));
    await source.signIn();
  };
  await load();
  api.metadata = { resource: `${api.origin}/mcp`, authorization_servers: [evil.origin] };
  await load();
  expect(tab.left.map(({ origin }) => origin)).toEqual(issuers);

  tab.comeBack('the-code-of-honest', 0);
  const source = discovered({ clientId: 'spa', issuers, storage, grant });
  expect(await valetErrorOf(() => source.handleRedirect())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
  expect(evil.forms('/token')).toEqual([]);
  expect(honest.forms('/token')).toEqual([]);
});

test('an issuer that sends users to another one’s login is not shown what comes back', async () => {
  await using honest = await startPlainIssuer();
  await using evil = await startPlainIssuer();
  evil.metadata = { authorization_endpoint: `${honest.origin}/authorization` };
  await using api = await startDiscoverableApi(evil.origin);
  const tab = createLoginTab();
  const { grant, storage } = tab;
  const source = discovered({ clientId: 'spa', issuers: [honest.origin, evil.origin], storage, grant });
  using client = new Client(source, { baseUrl: api.origin, logger: quiet });
  await outcomeOf(client.fetch('mcp'));
  await source.signIn();
  // Honest servers say who they are (RFC 9207).
  tab.comeBack(`the-code-of-honest&iss=${encodeURIComponent(honest.origin)}`);
  expect(await valetErrorOf(() => source.handleRedirect())).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
  expect(evil.forms('/token')).toEqual([]);
});

test('a refresh token goes back to its issuer though another one was found meanwhile', async () => {
  await using honest = await startPlainIssuer();
  await using evil = await startPlainIssuer();
  await using api = await startDiscoverableApi(evil.origin);
  const { store } = memoryStore();
  using client = connect(redeemer(honest.origin, evil.origin), api, sharedStore(store));
  expect(await outcomeOf(client.fetch('mcp'))).toBe('SIGNED_OUT');
  const left = (await store.read()) as SessionDocument | undefined;
  const version = (left?.version ?? 0) + 1;
  await store.swap(left, storedSession(honest.origin, `${api.origin}/mcp`, { version, epoch: version }));
  using later = connect(redeemer(honest.origin, evil.origin), api, sharedStore(store));
  expect(await outcomeOf(later.fetch('mcp'))).toBe(200);
  await client.session.refresh();
  expect(honest.forms('/token').map((form) => form.get('refresh_token'))[0]).toBe('the-stored-refresh-token');
  expect(evil.forms('/token')).toEqual([]);
});

test('a sign-out goes to the issuer of the session, not to the one that was found last', async () => {
  await using honest = await startPlainIssuer();
  await using evil = await startPlainIssuer();
  await using api = await startDiscoverableApi(evil.origin);
  using client = connect(redeemer(honest.origin, evil.origin), api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('SIGNED_OUT');
  const binding = { issuer: honest.origin, resource: `${api.origin}/mcp` };
  const bound = bindRefreshToken('the-refresh-token-of-honest', binding);
  await client.session.signIn({ access_token: 'access-of-honest', refresh_token: bound });
  await client.signOut();
  expect(honest.forms('/revoke').map((form) => form.get('token'))).toEqual(['the-refresh-token-of-honest']);
  expect(evil.forms('/revoke')).toEqual([]);
});

test('a stored session needs no metadata of the resource, and asks nobody that its 401 names', async () => {
  await using honest = await startPlainIssuer();
  await using evil = await startPlainIssuer();
  await using api = await startDiscoverableApi(evil.origin);
  api.refuses = (token) => token === STORED_TOKEN.token;
  const { store } = memoryStore();
  await store.swap(undefined, storedSession(honest.origin, `${api.origin}/mcp`, { tokens: [STORED_TOKEN] }));
  using client = connect(redeemer(honest.origin, evil.origin), api, sharedStore(store));
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(api.asked()).toBe(0);
  expect(honest.forms('/token')).toHaveLength(1);
  expect(evil.received).toEqual([]);
});

test('an issuer that is taken off the list is sent nothing any more, whatever is stored', async () => {
  await using former = await startPlainIssuer();
  await using api = await startDiscoverableApi(former.origin);
  const { store } = memoryStore();
  await store.swap(undefined, storedSession(former.origin, `${api.origin}/mcp`));
  using client = connect(redeemer('https://id.example'), api, sharedStore(store));
  await valetErrorOf(() => client.fetch('mcp'));
  await client.signOut();
  expect(former.received).toEqual([]);
});

test('a session of another resource in the same store is neither redeemed for this one nor destroyed', async () => {
  await using issuer = await startPlainIssuer();
  await using one = await startDiscoverableApi(issuer.origin);
  await using other = await startDiscoverableApi(issuer.origin);
  const { store } = memoryStore();
  const session = storedSession(issuer.origin, `${one.origin}/mcp`);
  await store.swap(undefined, session);
  using client = connect(redeemer(issuer.origin), other, sharedStore(store));
  expect(await valetErrorOf(() => client.fetch('mcp'))).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(issuer.forms('/token')).toEqual([]);
  expect(await store.read()).toMatchObject({ refreshToken: session.refreshToken, state: 'signed-in' });
  using right = connect(redeemer(issuer.origin), one, sharedStore(store));
  expect(await outcomeOf(right.fetch('mcp'))).toBe(200);
});

test.each(['nonsense', '', 'mcp', 'data:,x'])(
  'a session of the resource %j is one of no resource',
  async (resource) => {
    await using issuer = await startPlainIssuer();
    await using api = await startDiscoverableApi(issuer.origin);
    const { store } = memoryStore();
    await store.swap(undefined, storedSession(issuer.origin, resource));
    using client = connect(redeemer(issuer.origin), api, sharedStore(store));
    expect(await outcomeOf(client.fetch('mcp'))).toBe('TOKEN_ENDPOINT_REJECTED');
    expect(issuer.forms('/token')).toEqual([]);
  },
);

test('a refresh token of unknown origin is shown to no issuer, also to one that is known by now', async () => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  using client = connect(redeemer(issuer.origin), api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('SIGNED_OUT');
  await client.session.signIn({ access_token: 'of-a-login-0123', refresh_token: 'of-nobody-knows-whom' });
  await client.session.refresh();
  expect(client.session.snapshot.status).toBe('signed-in');
  await client.session.signIn({ access_token: 'of-a-login-0123' });
  await client.signOut();
  const shown = issuer.received.map(({ body }) => body.toString()).join();
  expect(shown).not.toContain('of-nobody-knows-whom');
  expect(shown).not.toContain('of-a-login-0123');
});

test('issuers of one host are as different as their paths', async () => {
  await using host = await startPlainIssuer();
  await using api = await startDiscoverableApi(`${host.origin}/evil-tenant`);
  using client = connect(machine(`${host.origin}/tenant`), api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('TOKEN_ENDPOINT_REJECTED');
  using root = connect(machine(host.origin), api);
  expect(await outcomeOf(root.fetch('mcp'))).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(host.received).toEqual([]);
});

test.each([
  ['another port', (origin: string) => origin.replace(/\d+$/, '9')],
  ['user info', (origin: string) => origin.replace('//', '//user:pass@')],
  ['a query', (origin: string) => `${origin}/?tenant=evil`],
  ['a fragment', (origin: string) => `${origin}/#x`],
  ['a host that only begins alike', (origin: string) => origin.replace(':', '.evil.example:')],
  ['no URL', () => 'nonsense'],
])('an issuer with %s is not the one that is listed', async (_, change) => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(change(issuer.origin));
  using client = connect(machine(issuer.origin), api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(issuer.received).toEqual([]);
});

test('the listed issuer is found among others, and the others are sent nothing', async () => {
  await using issuer = await startPlainIssuer();
  await using evil = await startPlainIssuer();
  await using api = await startDiscoverableApi('nonsense', evil.origin, issuer.origin, 'https://id.example');
  using client = connect(machine(issuer.origin), api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(evil.received).toEqual([]);
});

test.each<[string, unknown]>([
  ['a text', 'yes'],
  ['a number', 1],
  ['an object', {}],
  ['nothing', undefined],
])('%s is no approval', async (_, said) => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  using client = connect({ ...MACHINE, approve: () => said as boolean }, api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(issuer.received).toEqual([]);
});

test('an error says who may be asked, and what to do', async () => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  const messageOf = async (options: Partial<DiscoveredOptions>): Promise<string> => {
    using client = connect({ ...MACHINE, ...options }, api);
    return (await valetErrorOf(() => client.fetch('mcp'))).message;
  };
  const listed = await messageOf({ issuers: ['https://id.example'] });
  expect(listed).toContain(`${issuer.origin}, which is not among issuers. Nothing was sent there`);
  expect(await messageOf({ approve: () => false })).toContain('approve() has not agreed to it');
});

test('nobody is asked about what is no URL, nor about more than twenty issuers', async () => {
  const many = Array.from({ length: 2000 }, (_, index) => `https://id${index}.example`);
  await using api = await startDiscoverableApi('nonsense', ...many);
  const asked: string[] = [];
  const approve = (issuer: string): boolean => {
    asked.push(issuer);
    return false;
  };
  using client = connect({ ...MACHINE, approve }, api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(asked).toEqual(many.slice(0, 19));
});

test('an approval that fails approves nothing', async () => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  const approve = (): Promise<boolean> => Promise.reject(new Error('the dialog was closed'));
  using client = connect({ ...MACHINE, approve }, api);
  const { error } = await client.fetch('mcp', { signal: AbortSignal.timeout(300) }).then(
    () => ({ error: undefined }),
    (thrown: unknown) => ({ error: thrown }),
  );
  expect(error).toBeDefined();
  expect(issuer.received).toEqual([]);
});

test('what a hostile resource calls its issuers fits into one short line of an error', async () => {
  const name = `https://id.example/\n\u001b[31m\u202eFAKE ${'x'.repeat(100_000)}`;
  await using api = await startDiscoverableApi(name, name, name, name);
  using client = connect(machine('https://id.example'), api);
  const { message } = await valetErrorOf(() => client.fetch('mcp'));
  expect(message).not.toMatch(/\p{Cc}/u);
  expect(message.length).toBeLessThan(600);
});

test('metadata that redirect to another place are not looked for there', async () => {
  await using issuer = await startPlainIssuer();
  await using inside = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  api.answer = (_, response) => void response.writeHead(307, { location: `${inside.origin}/internal` }).end();
  using client = connect(machine(issuer.origin), api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('TOKEN_ENDPOINT_REJECTED');
  expect([...inside.received, ...issuer.received]).toEqual([]);
});

test('a 401 that a redirect led to discovers nothing', async () => {
  await using issuer = await startPlainIssuer();
  await using elsewhere = await startDiscoverableApi(issuer.origin);
  await using api = await startDiscoverableApi(issuer.origin);
  await using redirecting = await startServer((_, response) => {
    response.writeHead(302, { location: `${elsewhere.origin}/mcp` }).end();
  });
  using client = connect(machine(issuer.origin), { ...api, origin: redirecting.origin });
  expect(await outcomeOf(client.fetch('mcp'))).toBe(401);
  expect(elsewhere.asked()).toBe(0);
  expect(issuer.received).toEqual([]);
});

test('endpoints of an issuer are https or this machine’s, whatever its metadata say', async () => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  for (const endpoint of ['http://169.254.169.254/token', 'ftp://id.example/token', 'javascript:alert(1)']) {
    issuer.metadata = { token_endpoint: endpoint };
    using client = connect(machine(issuer.origin), api);
    const code = await outcomeOf(client.fetch('mcp'));
    expect(['INSECURE_URL', 'INVALID_OPTION', 'TOKEN_ENDPOINT_REJECTED', 'TOKEN_PROVIDER_FAILED']).toContain(
      code,
    );
  }
  expect(issuer.forms('/token')).toEqual([]);
});

test('metadata of an authorization server that speak for another issuer are not believed', async () => {
  await using issuer = await startPlainIssuer();
  issuer.metadata = { issuer: 'https://id.example' };
  await using api = await startDiscoverableApi(issuer.origin);
  using client = connect(machine(issuer.origin), api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(issuer.forms('/token')).toEqual([]);
});

test('a storm of refusals neither discovers nor renews without end (rule T11)', async () => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  using client = connect(machine(issuer.origin), api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  api.refuses = () => true;
  for (let request = 0; request < 20; request++) expect(await outcomeOf(client.fetch('mcp'))).toBe(401);
  expect(issuer.forms('/token')).toHaveLength(4);
  // The second and the third refusal in a row ask whether it wants other tokens by now.
  expect(api.asked()).toBe(3);
});

test('a storm before there is any token asks for metadata once, and for no token', async () => {
  await using api = await startDiscoverableApi('https://evil.example');
  using client = connect(machine('https://id.example'), api);
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcomeOf(client.fetch('mcp'))));
  expect(new Set(outcomes)).toEqual(new Set(['TOKEN_ENDPOINT_REJECTED']));
  expect(api.asked()).toBe(1);
  await outcomeOf(client.fetch('mcp'));
  expect(api.asked()).toBe(1);
});

test('a resource that answers its metadata with a challenge of its own is not followed in circles', async () => {
  await using issuer = await startPlainIssuer();
  await using api = await startDiscoverableApi(issuer.origin);
  api.answer = (_, response) => sendJson(response, {}, 401, { 'www-authenticate': api.challenge ?? '' });
  using client = connect(machine(issuer.origin), api);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('TOKEN_ENDPOINT_REJECTED');
  expect(api.asked()).toBe(1);
});
