import { generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import type { SessionDocument, TokenSource } from '../../src/contracts.ts';
import { accessToken, Client } from '../../src/index.ts';
import { clientCredentials, deviceCode, jwtBearer, refreshToken, tokenExchange } from '../../src/oauth.ts';
import { memoryStore } from '../../src/stores.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { CALLBACK, openTab } from '../support/login-tab.ts';
import { quiet } from '../support/quiet.ts';
import { DEVICE_CODE, type ScriptedIssuer, startScriptedIssuer, tokens } from '../support/scripted-issuer.ts';
import { expectNoSecret, valetErrorOf } from '../support/thrown.ts';

const SECRET = 'client-secret-0123';

/** Grants that get their tokens without a login, and what each must never show. */
const grants: Readonly<Record<string, (issuer: ScriptedIssuer) => TokenSource>> = {
  clientCredentials: ({ endpoints }) =>
    clientCredentials({ endpoints, clientId: 'app', clientSecret: SECRET }),
  refreshToken: ({ endpoints }) => refreshToken({ endpoints, clientId: 'app', clientSecret: SECRET }),
  tokenExchange: ({ endpoints }) =>
    tokenExchange({ endpoints, clientId: 'app', clientSecret: SECRET, subjectToken: 'subject-token-0123' }),
  jwtBearer: ({ endpoints }) =>
    jwtBearer({ endpoints, clientId: 'app', clientSecret: SECRET, assertion: () => 'assertion-0123456' }),
};
/** What a grant sends besides the secret of its client. */
const SENT: Readonly<Record<string, readonly string[]>> = {
  refreshToken: ['kept-0123456789'],
  tokenExchange: ['subject-token-0123'],
  jwtBearer: ['assertion-0123456'],
};

/** Everything that RFC 6749 §5.2, RFC 8707 §2 and RFC 8628 §3.5 let a token endpoint say, but for `invalid_grant`. */
const CODES = [
  'invalid_request',
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'access_denied',
  'something_new',
];
const TABLE = Object.keys(grants).flatMap((grant) => CODES.map((code) => [grant, code] as const));
const initial = { refresh_token: 'kept-0123456789' };

async function documentIn(shared: ReturnType<typeof memoryStore>): Promise<SessionDocument | undefined> {
  return (await shared.store.read()) as SessionDocument | undefined;
}

test.each(TABLE)(
  '%s that is answered %s says so, keeps the session and succeeds later',
  async (grant, code) => {
    await using issuer = await startScriptedIssuer();
    const shared = memoryStore();
    const source = grants[grant]?.(issuer) ?? (() => null);
    const start = grant === 'refreshToken' ? { initial } : {};
    using client = new Client(accessToken(source, { store: shared, ...start }), { baseUrl: issuer.origin });
    const secrets = [SECRET, ...(SENT[grant] ?? [])];
    const echo = `no: ${secrets.join(' ')}`;
    issuer.answer = () => ({ status: 400, body: { error: code, error_description: echo } });
    const error = await valetErrorOf(() => client.get('orders'));
    expect(error).toMatchObject({
      code: 'TOKEN_ENDPOINT_REJECTED',
      oauthError: code,
      retryable: false,
      status: 400,
    });
    expectNoSecret(error, ...secrets);
    const stored = await documentIn(shared);
    expect(stored?.state ?? 'none').toBe('none');
    expect(stored?.tokens ?? []).toEqual([]);
    expect(stored?.refreshToken).toBe(grant === 'refreshToken' ? 'kept-0123456789' : undefined);

    issuer.answer = () => ({ body: tokens() });
    await client.session.refresh();
    expect((await client.fetch('/')).status).toBe(200);
  },
);

test.each(['temporarily_unavailable', 'server_error'])(
  '%s is a bad moment, whatever status a server gives it',
  async (code) => {
    await using issuer = await startScriptedIssuer();
    const clock = createManualClock(Date.now());
    const source = refreshToken({ endpoints: issuer.endpoints, clientId: 'app' });
    using client = new Client(accessToken(source, { initial, deadline: 500 }), {
      baseUrl: issuer.origin,
      runtime: { clock, random: () => 1 },
    });
    issuer.answer = () => ({ status: 400, body: { error: code } });
    expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({ retryable: true });
    issuer.answer = () => ({ body: tokens() });
    await clock.advance(2000);
    expect((await client.fetch('/')).status).toBe(200);
  },
);

test.each(['clientCredentials', 'jwtBearer'])(
  '%s has no user who could sign in again: invalid_grant and a bare 401 say what to check',
  async (grant) => {
    await using issuer = await startScriptedIssuer();
    const source = grants[grant]?.(issuer) ?? (() => null);
    const answers = [
      { status: 400, body: { error: 'invalid_grant', error_description: 'the assertion has expired' } },
      { status: 401, body: 'no' },
    ];
    for (const answer of answers) {
      issuer.answer = () => answer;
      using client = new Client(grant === 'jwtBearer' ? jwt(issuer) : source, {
        baseUrl: issuer.origin,
        logger: quiet,
      });
      expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({
        code: 'TOKEN_ENDPOINT_REJECTED',
        status: answer.status,
        message: expect.stringMatching(grant === 'jwtBearer' ? /Check the assertion/ : /Check clientId/),
      });
    }
  },
);

const jwt = ({ endpoints }: ScriptedIssuer): TokenSource =>
  jwtBearer({ endpoints, clientId: 'app', assertion: () => 'assertion-0123456' });

test('an assertion that is refused while the clocks differ names the clock, and is tried again', async () => {
  await using issuer = await startScriptedIssuer();
  const clock = createManualClock(Date.now());
  using client = new Client(accessToken(jwt(issuer), { deadline: 500 }), {
    baseUrl: issuer.origin,
    runtime: { clock, random: () => 1 },
  });
  issuer.answer = () => ({ status: 400, body: { error: 'invalid_grant' }, ahead: -15 * 60_000 });
  expect(await valetErrorOf(() => client.get('orders'))).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
    retryable: true,
    message: expect.stringContaining("the clock of this machine: it is 15 minutes ahead of the server's"),
  });
  issuer.answer = () => ({ body: tokens() });
  await clock.advance(2000);
  expect((await client.fetch('/')).status).toBe(200);
});

/** The claims of the client assertion in a form (RFC 7523 §3). */
function assertionIn(form: URLSearchParams): {
  iat: number;
  nbf: number;
  exp: number;
  iss: string;
  aud: string;
} {
  const [, payload = ''] = (form.get('client_assertion') ?? '').split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

test.each([-1, 1])(
  'a client assertion is good for a server whose clock is %i minute off, and signed anew by a clock further off',
  async (minute) => {
    await using issuer = await startScriptedIssuer();
    const { privateKey } = await generateKeyPair('ES256');
    const { endpoints, origin } = issuer;
    const source = (): TokenSource =>
      clientCredentials({ endpoints, clientId: 'app', clientAuthentication: { privateKey } });
    for (const ahead of [minute * 59, minute * 1200]) {
      // As strict as a server may be: not a second of tolerance.
      issuer.answer = (form) => {
        const { iat, nbf, exp } = assertionIn(form);
        const now = Date.now() / 1000 + ahead;
        const isGood = iat <= now && nbf <= now && now < exp;
        const body = isGood ? tokens() : { error: 'invalid_client' };
        return { status: isGood ? 200 : 401, body, ahead: ahead * 1000 };
      };
      using client = new Client(source(), { baseUrl: origin });
      expect((await client.fetch('/')).status).toBe(200);
    }
    expect(issuer.forms).toHaveLength(3);
    expect(assertionIn(issuer.forms[0] ?? new URLSearchParams())).toMatchObject({ iss: 'app', aud: origin });
  },
);

test('only a refused assertion is signed anew: another refusal, and a wrong secret, are no matter of the clock', async () => {
  await using issuer = await startScriptedIssuer();
  const { endpoints, origin } = issuer;
  const { privateKey } = await generateKeyPair('ES256');
  const asks = async (own: object, error: string, status: number): Promise<number> => {
    const before = issuer.forms.length;
    issuer.answer = () => ({ status, body: { error }, ahead: 3_600_000 });
    const source = clientCredentials({ endpoints, clientId: 'app', ...own });
    using client = new Client(source, { baseUrl: origin, logger: quiet });
    await valetErrorOf(() => client.fetch('/'));
    return issuer.forms.length - before;
  };
  const signing = { clientAuthentication: { privateKey } };
  expect(await asks(signing, 'invalid_client', 401)).toBe(2);
  // Some servers refuse with status 200.
  expect(await asks(signing, 'invalid_client', 200)).toBe(2);
  expect(await asks(signing, 'invalid_scope', 400)).toBe(1);
  expect(await asks({ clientSecret: SECRET }, 'invalid_client', 401)).toBe(1);
});

/** Codes of RFC 6749 §4.1.2.1, RFC 8707 §2 and OpenID Connect Core §3.1.2.6, and what there is to do. */
const LOGIN_CODES: readonly (readonly [string, RegExp])[] = [
  ['access_denied', /the user said no.*Call signIn\(\)/],
  ['invalid_request', /Check redirectUri/],
  ['unauthorized_client', /Check clientId/],
  ['unsupported_response_type', /Check clientId/],
  ['invalid_scope', /Check scopes/],
  ['invalid_target', /Check audience/],
  ['login_required', /without prompt/],
  ['interaction_required', /without prompt/],
  ['consent_required', /without prompt/],
  ['account_selection_required', /without prompt/],
  ['something_new', /check issuer/],
  ['toString', /check issuer/],
];

test.each(LOGIN_CODES)('a login that is answered %s says what to do', async (code, advice) => {
  await using issuer = await startScriptedIssuer();
  const { endpoints } = issuer;
  const shared = memoryStore();
  const tab = openTab({ issuer: '' }, { issuer: undefined, endpoints, clientId: 'app' });
  using client = new Client(accessToken(tab.source, { store: shared }), { baseUrl: issuer.origin });
  const answer = async (said: string): Promise<void> => {
    await tab.source.signIn();
    tab.href = `${CALLBACK}?${said}&state=${new URL(tab.href).searchParams.get('state')}`;
  };
  await answer(`error=${code}&error_description=because`);
  const error = await valetErrorOf(() => tab.source.handleRedirect());
  expect(error).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED', oauthError: code, retryable: false });
  expect(error.message).toMatch(advice);
  expect(error.message).toContain('"because"');
  expect([tab.href, tab.stored.size, issuer.forms.length]).toEqual([CALLBACK, 0, 0]);
  expect(await documentIn(shared)).toBeUndefined();
  expect(await client.session.ready).toEqual({ status: 'signed-out' });
  await answer('code=code-0123456789');
  await tab.source.handleRedirect();
  await client.session.refresh();
  expect(client.session.snapshot.status).toBe('signed-in');
});

test.each(['server_error', 'temporarily_unavailable'])(
  'a login that is answered %s may be tried again',
  async (code) => {
    await using issuer = await startScriptedIssuer();
    const tab = openTab({ issuer: '' }, { issuer: undefined, endpoints: issuer.endpoints, clientId: 'app' });
    await tab.source.signIn();
    tab.href = `${CALLBACK}?error=${code}&state=${new URL(tab.href).searchParams.get('state')}`;
    expect(await valetErrorOf(() => tab.source.handleRedirect())).toMatchObject({
      code: 'TOKEN_ENDPOINT_UNAVAILABLE',
      oauthError: code,
      retryable: true,
    });
  },
);

test.each<[string, number, unknown, object]>([
  [
    'a code that is too old',
    400,
    { error: 'invalid_grant' },
    { code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'invalid_grant' },
  ],
  [
    'a client that is not known',
    401,
    { error: 'invalid_client' },
    { code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'invalid_client' },
  ],
  [
    'a refusal with status 200',
    200,
    { error: 'bad_verification_code' },
    { code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'bad_verification_code' },
  ],
  ['a page of a web site', 200, '<h1>Hello</h1>', { code: 'TOKEN_ENDPOINT_UNAVAILABLE', retryable: true }],
  ['an overload', 429, 'slow', { code: 'TOKEN_ENDPOINT_UNAVAILABLE', retryable: true }],
  ['an outage', 503, { error: 'oops' }, { code: 'TOKEN_ENDPOINT_UNAVAILABLE', retryable: true }],
])(
  'an exchange that meets %s is a typed error without code or verifier',
  async (_, status, body, expected) => {
    await using issuer = await startScriptedIssuer();
    const tab = openTab({ issuer: '' }, { issuer: undefined, endpoints: issuer.endpoints, clientId: 'app' });
    await tab.source.signIn();
    tab.href = `${CALLBACK}?code=code-0123456789&state=${new URL(tab.href).searchParams.get('state')}`;
    issuer.answer = (form) => {
      const echo = `${form.get('code')} ${form.get('code_verifier')}`;
      return { status, body: typeof body === 'string' ? body : { ...Object(body), error_description: echo } };
    };
    const error = await valetErrorOf(() => tab.source.handleRedirect());
    expect(error).toMatchObject(expected);
    expectNoSecret(error, 'code-0123456789', issuer.forms[0]?.get('code_verifier') ?? '');
    using client = new Client(tab.source, { baseUrl: issuer.origin });
    expect(await client.session.ready).toEqual({ status: 'signed-out' });
  },
);

test.each<[string, number, unknown, object]>([
  [
    'invalid_client',
    401,
    { error: 'invalid_client' },
    { code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'invalid_client' },
  ],
  [
    'invalid_scope',
    400,
    { error: 'invalid_scope' },
    { code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'invalid_scope' },
  ],
  [
    'a refusal with status 200',
    200,
    { error: 'device_flow_disabled' },
    { code: 'TOKEN_ENDPOINT_REJECTED', oauthError: 'device_flow_disabled' },
  ],
  ['an outage', 503, '<h1>down</h1>', { code: 'TOKEN_ENDPOINT_UNAVAILABLE', retryable: true }],
  ['half a code', 200, { ...DEVICE_CODE, user_code: undefined }, { code: 'TOKEN_ENDPOINT_REJECTED' }],
])('a device that is answered %s shows no code and says why', async (_, status, body, expected) => {
  await using issuer = await startScriptedIssuer();
  const shown: unknown[] = [];
  const onCode = (code: unknown): void => void shown.push(code);
  const { endpoints } = issuer;
  const source = deviceCode({ endpoints, clientId: 'app', clientSecret: SECRET, onCode });
  const echo = { error_description: `no: ${SECRET}` };
  issuer.device = () => ({ status, body: typeof body === 'string' ? body : { ...echo, ...Object(body) } });
  const error = await valetErrorOf(() => source.signIn());
  expect(error).toMatchObject(expected);
  expectNoSecret(error, 'device-code-0123', SECRET);
  expect(shown).toEqual([]);
  expect(issuer.forms).toEqual([]);
});

test('a device waits also where the server says with status 200 that there is nothing yet', async () => {
  await using issuer = await startScriptedIssuer();
  const clock = createManualClock();
  const answers = [{ error: 'authorization_pending' }, '<h1>Hello</h1>', { error: 'slow_down' }, tokens()];
  issuer.answer = () => ({ body: answers.shift() });
  const source = deviceCode({ endpoints: issuer.endpoints, clientId: 'app', clock, onCode: () => {} });
  let isDone = false;
  const signedIn = source.signIn().finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await settle();
    if (clock.timers > 0) await clock.advance(1000);
  }
  await signedIn;
  expect(issuer.forms).toHaveLength(4);
  using client = new Client(source, { baseUrl: issuer.origin });
  expect(await client.session.ready).toMatchObject({ status: 'signed-in' });
});
