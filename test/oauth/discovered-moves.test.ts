import { expect, test } from 'vitest';
import { Client } from '../../src/index.ts';
import { discovered } from '../../src/oauth.ts';
import {
  type DiscoverableApi,
  type PlainIssuer,
  startDiscoverableApi,
  startPlainIssuer,
} from '../support/discoverable.ts';
import { quiet } from '../support/quiet.ts';
import { createLoginTab, type LoginTab } from '../support/redirect-tab.ts';
import { sendJson } from '../support/server.ts';
import { outcomeOf } from '../support/token-valet.ts';

/** An API at its first issuer, and a listed one that it may move to. */
async function start(): Promise<
  { former: PlainIssuer; next: PlainIssuer; api: DiscoverableApi } & AsyncDisposable
> {
  const [former, next] = [await startPlainIssuer(), await startPlainIssuer()];
  const api = await startDiscoverableApi(former.origin);
  return {
    former,
    next,
    api,
    async [Symbol.asyncDispose]() {
      await Promise.all([former.close(), next.close(), api.close()]);
    },
  };
}

/** From now on the API takes tokens of `issuer` alone, as its metadata say. */
function move(api: DiscoverableApi, { origin }: PlainIssuer): void {
  api.metadata = {
    resource: `${api.origin}/mcp`,
    authorization_servers: ['https://unlisted.example', origin],
  };
  api.refuses = (token) => !token.endsWith(`-of-${new URL(origin).port}`);
}

function program(api: DiscoverableApi, ...issuers: readonly PlainIssuer[]): Client {
  const source = discovered({
    clientId: 'svc',
    clientSecret: 'svc-secret-0123',
    issuers: issuers.map(({ origin }) => origin),
  });
  return new Client(source, { baseUrl: api.origin, logger: quiet });
}

interface User {
  readonly client: Client;
  readonly tab: LoginTab;
  /** A request that finds out where to sign in, and the login there. */
  signIn(): Promise<void>;
}

function user({ former, next, api }: Awaited<ReturnType<typeof start>>): User {
  const tab = createLoginTab();
  const { storage, grant } = tab;
  const issuers = [former.origin, next.origin];
  const source = discovered({ clientId: 'spa', issuers, storage, grant });
  const client = new Client(source, { baseUrl: api.origin, logger: quiet });
  return {
    client,
    tab,
    async signIn() {
      await outcomeOf(client.fetch('mcp'));
      await source.signIn();
      tab.comeBack('a-code');
      await source.handleRedirect();
    },
  };
}

test('a program follows its API to another listed issuer, once a new token was refused as well (RFC 9728 §5.2)', async () => {
  await using at = await start();
  const { former, next, api } = at;
  using client = program(api, former, next);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  move(api, next);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(401);
  expect(api.asked()).toBe(1);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(api.asked()).toBe(2);
  expect(former.forms('/token')).toHaveLength(2);
  expect(next.forms('/token')).toHaveLength(1);
  // It stays there.
  await client.session.refresh();
  expect(next.forms('/token')).toHaveLength(2);
  expect(former.forms('/token')).toHaveLength(2);
});

test('a user’s session ends where the API has left its issuer: the next login is at the other one, which sees no token of the first', async () => {
  await using at = await start();
  const { former, next, api } = at;
  const { client, tab, signIn } = user(at);
  await signIn();
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  move(api, next);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(401);
  expect(await outcomeOf(client.fetch('mcp'))).toBe('SESSION_ENDED');
  expect(client.session.snapshot).toMatchObject({
    status: 'ended',
    error: { message: expect.stringContaining(next.origin) },
  });
  await signIn();
  expect(tab.left.map(({ origin }) => origin)).toEqual([former.origin, next.origin]);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  expect(next.forms('/token').map((form) => form.get('grant_type'))).toEqual(['authorization_code']);
  const port = new URL(former.origin).port;
  expect(next.received.map(({ body }) => body.toString()).join()).not.toContain(`-of-${port}`);
  client.close();
});

test('a token that was renewed in between begins the count of refusals anew', async () => {
  await using at = await start();
  const { former, next, api } = at;
  using client = program(api, former, next);
  for (let round = 0; round < 2; round++) {
    await outcomeOf(client.fetch('mcp'));
    move(api, next);
    expect(await outcomeOf(client.fetch('mcp'))).toBe(401);
    api.refuses = () => false;
    await client.session.refresh();
  }
  expect(api.asked()).toBe(1);
  expect(next.received).toEqual([]);
});

test.each<[string, (at: Awaited<ReturnType<typeof start>>) => unknown]>([
  ['cannot be asked just now', ({ api }) => (api.answer = (_, response) => sendJson(response, {}, 503))],
  ['has moved to an issuer that is not listed', ({ api }) => named(api, 'https://id.example')],
  [
    'names its issuer with a slash more',
    ({ api, former, next }) => named(api, `${former.origin}/`, next.origin),
  ],
  ['names another issuer first', ({ api, former, next }) => named(api, next.origin, former.origin)],
  [
    'speaks of a larger resource',
    ({ api, next }) => (api.metadata = { resource: api.origin, authorization_servers: [next.origin] }),
  ],
])('a session stays with its issuer where the API %s', async (_, change) => {
  await using at = await start();
  const { former, next, api } = at;
  const { client, signIn } = user(at);
  await signIn();
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  api.refuses = () => true;
  change(at);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(401);
  expect(await outcomeOf(client.fetch('mcp'))).toBe(401);
  expect(api.asked()).toBe(2);
  expect(client.session.snapshot.status).toBe('signed-in');
  expect(former.forms('/token')).toHaveLength(3);
  expect(next.received).toEqual([]);
  client.close();
});

function named(api: DiscoverableApi, ...issuers: string[]): void {
  api.metadata = { resource: `${api.origin}/mcp`, authorization_servers: issuers };
}

test('nobody is asked to approve where an API has moved to in the middle of a refusal', async () => {
  await using at = await start();
  const { former, next, api } = at;
  const asked: string[] = [];
  const source = discovered({
    clientId: 'svc',
    clientSecret: 'svc-secret-0123',
    approve(issuer) {
      asked.push(issuer);
      return true;
    },
  });
  using client = new Client(source, { baseUrl: api.origin, logger: quiet });
  expect(await outcomeOf(client.fetch('mcp'))).toBe(200);
  move(api, next);
  for (let request = 0; request < 3; request++) expect(await outcomeOf(client.fetch('mcp'))).toBe(401);
  expect(asked).toEqual([former.origin]);
});
