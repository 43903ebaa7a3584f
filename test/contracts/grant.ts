import { expect, test } from 'vitest';
import { type AccessTokenOptions, accessToken, Client, type TokenSource } from '../../src/index.ts';
import type { IssuerOptions } from '../../src/oauth.ts';
import { sendJson, startServer, type TestServer } from '../support/server.ts';
import { expectNoSecret, valetErrorOf } from '../support/thrown.ts';
import { createDeferred } from '../support/token-valet.ts';

/** Makes the source under test with what every grant takes, and with what this one needs besides. */
export type MakeGrant = (options: IssuerOptions) => TokenSource;

export interface GrantTraits {
  /** It gets a first token by itself: it needs no login and no refresh token. */
  readonly starts: boolean;
  /** It goes on with the refresh token that it is handed. */
  readonly redeems: boolean;
  /** What a first token is asked for with besides the client's secret, such as an assertion: nobody may read it. */
  readonly secrets?: readonly string[];
}

const SECRET = 'client-secret-0123456789';
const REFRESH = 'refresh-token-of-the-login';
const TOKENS = { access_token: 'issued', token_type: 'Bearer', expires_in: 600 };

interface Scene extends AsyncDisposable {
  readonly client: Client;
  readonly issuer: TestServer;
  readonly api: TestServer;
  /** What the token endpoint was asked, one after the other. */
  readonly asked: () => readonly URLSearchParams[];
}

type Answer = Parameters<typeof startServer>[0];

/**
 * A client with the grant after a login, a token endpoint that answers as the test likes, and an API. A grant with a
 * login goes on with the refresh token that the login has brought.
 */
function scene(make: MakeGrant, answer: Answer, more: Partial<IssuerOptions> = {}): Promise<Scene> {
  return sceneWith({ initial: { refresh_token: REFRESH } }, make, answer, more);
}

/** The same before there was a login. */
function firstScene(make: MakeGrant, answer: Answer, more: Partial<IssuerOptions> = {}): Promise<Scene> {
  return sceneWith({}, make, answer, more);
}

async function sceneWith(
  options: Pick<AccessTokenOptions, 'initial'>,
  make: MakeGrant,
  answer: Answer,
  more: Partial<IssuerOptions>,
): Promise<Scene> {
  const issuer = await startServer(answer);
  const api = await startServer();
  const endpoints = { token: `${issuer.origin}/token` };
  const source = make({ endpoints, clientId: 'shop', clientSecret: SECRET, ...more });
  const client = new Client(accessToken(source, options), { baseUrl: api.origin });
  return {
    client,
    issuer,
    api,
    asked: () => issuer.received.map(({ body }) => new URLSearchParams(body.toString())),
    async [Symbol.asyncDispose]() {
      client.close();
      await Promise.all([issuer.close(), api.close()]);
    },
  };
}

const issues: Answer = (_, response) => sendJson(response, TOKENS);

/** Refuses, and says what it was sent: some servers do. */
const echoes: Answer = ({ headers, body }, response) => {
  const description = `${headers.authorization} ${decodeURIComponent(body.toString())} ${body.toString()}`;
  sendJson(response, { error: 'invalid_scope', error_description: description }, 400);
};

/** What every grant of OAuth promises to a session. `make` is called for each test. */
export function describeGrant(name: string, make: MakeGrant, traits: GrantTraits): void {
  if (traits.starts) describeStart(name, make, traits);
  else describeNoStart(name, make);
  describeRefreshes(name, make, traits);

  test(`${name}: nobody is asked before a token is needed, and then once`, async () => {
    await using at = await scene(make, issues);
    expect(at.issuer.received).toHaveLength(0);
    await Promise.all([at.client.fetch('a'), at.client.fetch('b')]);
    expect(at.issuer.received).toHaveLength(1);
    expect(at.api.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer issued',
      'Bearer issued',
    ]);
  });

  test(`${name}: a token is asked for with the scopes and the audience of its slot`, async () => {
    await using at = await scene(make, issues);
    await at.client.fetch('a', { auth: { scopes: ['write', 'read'], audience: 'https://stock.example' } });
    const [asked] = at.asked();
    expect(asked?.get('scope')).toBe('read write');
    expect(asked?.get('resource')).toBe('https://stock.example');
  });

  test(`${name}: a server that says audience is asked with that`, async () => {
    const more = { audience: 'https://api.example', audienceParameter: 'audience' } as const;
    await using at = await scene(make, issues, more);
    await at.client.fetch('a');
    const [asked] = at.asked();
    expect(asked?.get('audience')).toBe('https://api.example');
    expect(asked?.has('resource')).toBe(false);
  });

  test(`${name}: the secret goes with its request and into no error`, async () => {
    await using at = await scene(make, echoes);
    const error = await valetErrorOf(() => at.client.get('a'));
    expect(error.code).toBe('TOKEN_ENDPOINT_REJECTED');
    expect(at.issuer.received[0]?.headers.authorization).toContain('Basic ');
    expectNoSecret(error, SECRET, REFRESH);
  });

  test(`${name}: an API that knows the secret, too, cannot have it said`, async () => {
    await using at = await scene(make, issues);
    await using api = await startServer((_, response) => {
      const challenge = `Bearer error="insufficient_scope", error_description="${SECRET}"`;
      response.writeHead(403, { 'www-authenticate': challenge }).end();
    });
    const { message } = await valetErrorOf(() => at.client.extend({ baseUrl: api.origin }).get('a'));
    expect(message).toContain('insufficient_scope');
    expectNoSecret(message, SECRET);
  });

  test(`${name}: no redirect is followed, so that nothing goes to a stranger`, async () => {
    await using stranger = await startServer();
    await using at = await scene(make, (_, response) => {
      response.writeHead(307, { location: `${stranger.origin}/` }).end();
    });
    await valetErrorOf(() => at.client.session.refresh());
    expect(at.issuer.received.length).toBeGreaterThan(0);
    expect(stranger.received).toHaveLength(0);
  });

  test(`${name}: a bad moment of the server may be tried again and ends nothing`, async () => {
    await using at = await scene(make, (_, response) => {
      response.writeHead(503, { 'retry-after': '60' }).end();
    });
    expect(await valetErrorOf(() => at.client.get('a'))).toMatchObject({
      code: 'TOKEN_ENDPOINT_UNAVAILABLE',
      retryable: true,
    });
    expect(at.client.session.snapshot.status).not.toBe('ended');
  });

  test(`${name}: a client that is closed waits for no answer`, async () => {
    const [asked, gone] = [createDeferred<void>(), createDeferred<void>()];
    await using at = await scene(make, (_, response) => {
      response.on('close', () => gone.resolve());
      asked.resolve();
    });
    const failed = valetErrorOf(() => at.client.get('a'));
    await asked.promise;
    at.client.close();
    // A grant that does not pass on the signal of its context hangs here.
    await gone.promise;
    expect((await failed).code).toBe('CLIENT_CLOSED');
  });

  test(`${name}: an answer that is too large is no answer`, async () => {
    const large = JSON.stringify({ ...TOKENS, more: 'x'.repeat(1_100_000) });
    await using at = await scene(make, (_, response) => {
      response.setHeader('content-type', 'application/json').end(large);
    });
    at.client.on('refreshfailed', () => at.client.close());
    await valetErrorOf(() => at.client.get('a'));
    expect(at.api.received).toHaveLength(0);
  });

  test(`${name}: a token that is bound to a key is asked for with a proof`, async () => {
    await using at = await scene(
      make,
      (_, response) => sendJson(response, { ...TOKENS, token_type: 'dpop' }),
      { dpop: true },
    );
    await at.client.fetch('a');
    expect(at.issuer.received[0]?.headers.dpop).toEqual(expect.any(String));
    expect(at.api.received[0]?.headers.authorization).toBe('DPoP issued');
  });

  test(`${name}: options that do not exist and clients without a name are refused`, async () => {
    const endpoints = { token: 'https://id.example.com/token' };
    const misspelt = { endpoints, clientId: 'shop', clientSecrets: SECRET };
    expect(await valetErrorOf(() => make(misspelt))).toMatchObject({ code: 'INVALID_OPTION' });
    expect(await valetErrorOf(() => make({ endpoints, clientId: '' }))).toMatchObject({
      code: 'INVALID_OPTION',
    });
    expect(await valetErrorOf(() => make({ clientId: 'shop' }))).toMatchObject({ code: 'INVALID_OPTION' });
    const plain = { endpoints: { token: 'http://id.example.com/token' }, clientId: 'shop' };
    expect(await valetErrorOf(() => make(plain))).toMatchObject({ code: 'INSECURE_URL' });
  });
}

function describeStart(name: string, make: MakeGrant, { secrets = [] }: GrantTraits): void {
  test(`${name}: a first token is asked for without a login, for the scopes of the options`, async () => {
    await using at = await firstScene(make, issues, { scopes: ['orders', 'carts'] });
    expect((await at.client.fetch('a')).status).toBe(204);
    expect(at.asked().map((asked) => asked.get('scope'))).toEqual(['orders carts']);
  });

  test(`${name}: what it is asked for with goes to the token endpoint and into no error`, async () => {
    await using at = await firstScene(make, echoes);
    const error = await valetErrorOf(() => at.client.get('a'));
    expect(error.code).toBe('TOKEN_ENDPOINT_REJECTED');
    const sent = at.asked().flatMap((asked) => [...asked.values()]);
    expect(sent).toEqual(expect.arrayContaining([...secrets]));
    expectNoSecret(error, SECRET, ...secrets);
  });
}

function describeNoStart(name: string, make: MakeGrant): void {
  test(`${name}: nobody is asked before there was a login`, async () => {
    await using at = await firstScene(make, issues);
    expect(await valetErrorOf(() => at.client.get('a'))).toMatchObject({ code: 'SIGNED_OUT' });
    expect(at.issuer.received).toHaveLength(0);
  });
}

function describeRefreshes(name: string, make: MakeGrant, { redeems }: GrantTraits): void {
  const redeemed = redeems ? [REFRESH, 'refresh-1', 'refresh-2'] : [null, null, null];
  test(`${name}: ${redeems ? 'each refresh token is redeemed once' : 'no refresh token is sent'}`, async () => {
    let count = 0;
    await using at = await scene(make, (_, response) => {
      count++;
      sendJson(response, { ...TOKENS, access_token: `issued-${count}`, refresh_token: `refresh-${count}` });
    });
    await at.client.fetch('a');
    await at.client.session.refresh();
    await at.client.session.refresh();
    expect(at.asked().map((asked) => asked.get('refresh_token'))).toEqual(redeemed);
    await at.client.fetch('b');
    expect(at.api.received.at(-1)?.headers.authorization).toBe('Bearer issued-3');
  });
}
