import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TokenContext, TokenResponse } from '../../src/contracts.ts';
import { HttpError, NetworkError, SessionError, TokenError, ValetError } from '../../src/index.ts';
import { CREDENTIALS, type Drivable, type Issuer } from '../support/credentials.ts';
import { HandedOut } from '../support/handed-out.ts';
import { createJwt } from '../support/jwt.ts';
import { LEAKY_ERRORS, type MakeError } from '../support/leaky-errors.ts';

/** What a provider fails with, given a secret that the library knows by then. */
type Failing = (said: string) => unknown;

const ENDPOINT_ANSWERS: Readonly<Record<string, (said: string) => Response>> = {
  'a description': (said) =>
    Response.json({ error: 'invalid_request', error_description: `unknown ${said}` }, { status: 400 }),
  'an error': (said) => Response.json({ error: said }, { status: 400 }),
  'a long description': (said) =>
    Response.json(
      { error: 'invalid_scope', error_description: `${'x'.repeat(690)}${said}` },
      { status: 400 },
    ),
  'a page': (said) =>
    new Response(`<html>${said}`, { status: 502, headers: { 'content-type': 'text/html' } }),
  'a content type': (said) =>
    new Response('', { status: 200, headers: { 'content-type': `text/${encodeURIComponent(said)};x` } }),
  'an error with status 200': (said) => Response.json({ error: 'invalid_client', error_description: said }),
  'a token that cannot be used': (said) => Response.json({ access_token: `Bearer ${said}` }),
  'a token in a wrong place': (said) => Response.json({ data: { access_token: said } }),
  'the end of the session': (said) =>
    Response.json({ error: 'invalid_grant', error_description: `expired: ${said}` }, { status: 400 }),
};

const OWN_ERRORS: Readonly<Record<string, Failing>> = {
  SessionError: (said) => new SessionError('SESSION_ENDED', { message: `over: ${said}` }),
  'SessionError with a cause': (said) => new SessionError('SESSION_ENDED', { cause: axiosLike(said) }),
  TokenError: (said) => new TokenError('TOKEN_ENDPOINT_REJECTED', { message: said, oauthError: said }),
  'TokenError with a cause': (said) => new TokenError('TOKEN_PROVIDER_FAILED', { cause: axiosLike(said) }),
  NetworkError: (said) =>
    new NetworkError('NETWORK', {
      message: `POST /token with ${said}`,
      request: { id: 'r1', method: 'POST', url: `https://id.example/${encodeURIComponent(said)}` },
    }),
  HttpError: (said) => {
    const response = Response.json({ error: said, error_description: said }, { status: 400 });
    const data = { error: said, error_description: said };
    return new HttpError({ message: said, response, data, challenges: [], retryable: false });
  },
  ValetError: (said) =>
    Object.assign(new ValetError('HTTP_ERROR', { message: said }), { headers: new Headers() }),
};

/** An error whose objects say more than the library can know, such as a client secret. */
function axiosLike(said: string): Error {
  const make = LEAKY_ERRORS['as AxiosError does'] as MakeError;
  return make(said) as Error;
}

const newest = ({ refreshToken, rejectedToken }: TokenContext): string => refreshToken ?? rejectedToken ?? '';

/** Tokens at hand, so that what fails next knows some. */
async function signIn(rig: HandedOut, issuer: Issuer): Promise<void> {
  issuer.answer = (context) => issuer.grant(context);
  await rig.client.session.signIn(issuer.grant() as TokenResponse);
  await rig.fetch('x');
}

/** Lets a caller wait for the attempts that follow, and hands out all that comes of it. */
async function failWith(rig: HandedOut, name: string): Promise<void> {
  const { client, clock } = rig;
  rig.answer(() => new Response('no', { status: 401 }));
  const refused = [
    rig.failure(`refresh: ${name}`, () => client.session.refresh()),
    rig.failure(`verb: ${name}`, () => client.get('x', { retry: 0 })),
    client.fetch('x').then(
      (response) => rig.hand(`fetch: ${name}`, response),
      (error: unknown) => rig.hand(`fetch: ${name}`, error),
    ),
  ];
  await clock.advance(60_000);
  await Promise.all(refused);
  rig.hand('snapshot', client.session.snapshot);
  rig.hand('ready', await client.session.ready);
  rig.answer(() => Response.json({}));
}

const SESSIONS = Object.entries(CREDENTIALS).filter(([name]) => name.includes('token'));
const someErrors = fc.subarray(Object.entries(LEAKY_ERRORS), { minLength: 8, maxLength: 8 });

test.each(SESSIONS)('with %s nothing shows, whatever the provider answers', async (_, drivables) => {
  await fc.assert(
    fc.asyncProperty(drivables, someErrors, async ({ credential, secrets, issuer }: Drivable, errors) => {
      if (issuer === undefined) throw new Error('it has no provider');
      const rig = new HandedOut(credential);
      for (const [name, make] of [...errors, ...Object.entries(OWN_ERRORS)]) {
        await signIn(rig, issuer);
        issuer.answer = (context) => {
          throw make(newest(context));
        };
        await failWith(rig, name);
      }
      for (const [name, make] of Object.entries(ENDPOINT_ANSWERS)) {
        await signIn(rig, issuer);
        issuer.answer = (context) => make(newest(context));
        await failWith(rig, name);
      }
      expect([...new Set(rig.codes)]).toEqual(expect.arrayContaining(CODES));
      rig.expectClean(secrets);
    }),
    { numRuns: 6, endOnFailure: true },
  );
});

const CODES = [
  'SESSION_ENDED',
  'TOKEN_PROVIDER_FAILED',
  'TOKEN_INVALID',
  'TOKEN_ENDPOINT_REJECTED',
  'TOKEN_ENDPOINT_UNAVAILABLE',
  'NETWORK',
];

test.each(SESSIONS)('with %s nothing shows at sign-in, sign-out and close', async (_, drivables) => {
  await fc.assert(
    fc.asyncProperty(drivables, someErrors, async ({ credential, secrets, issuer }: Drivable, errors) => {
      if (issuer === undefined) throw new Error('it has no provider');
      const rig = new HandedOut(credential);
      const { session } = rig.client;
      for (const [name, make] of errors) {
        await signIn(rig, issuer);
        const { access_token = '', refresh_token = '' } = issuer.grant() as Record<string, string>;
        await session.signIn({ access_token, refresh_token });
        for (const token of [
          `Bearer ${access_token}`,
          `${access_token}\r\nx: y`,
          [access_token],
          { access_token },
        ])
          await rig.failure('signIn', () => session.signIn({ token } as TokenResponse));
        issuer.signOut = () => {
          throw make(refresh_token);
        };
        if (hasSignOut(credential)) await rig.failure(`signOut: ${name}`, () => rig.client.signOut());
        else await rig.client.signOut();
        issuer.signOut = () => {};
        await rig.failure('signed out', () => rig.client.fetch('x'));
        rig.hand('snapshot', session.snapshot);
      }
      await signIn(rig, issuer);
      const pending = rig.failure('closed meanwhile', () => session.refresh());
      rig.client.close();
      await pending;
      await rig.failure('closed', () => session.signIn(issuer.grant() as TokenResponse));
      rig.expectClean(secrets);
    }),
    { numRuns: 6, endOnFailure: true },
  );
});

function hasSignOut(credential: unknown): boolean {
  return typeof credential !== 'function';
}

test('what a provider throws brings no objects along, known or not', async () => {
  const unknown = 'client-secret-nobody-told-of';
  for (const [name, make] of [...Object.entries(OWN_ERRORS), ['AxiosError', axiosLike] as const]) {
    if (['SessionError', 'TokenError', 'NetworkError', 'HttpError', 'ValetError'].includes(name)) continue;
    const rig = new HandedOut(() => {
      throw make(unknown);
    });
    await rig.failure(name, () => rig.client.session.refresh());
    rig.expectClean([unknown]);
  }
});

test('tokens in what a provider throws are masked though nobody told of them', async () => {
  const jwt = createJwt({ sub: 'ada' });
  const opaque = 'Zx81-opaque.token~value';
  const rig = new HandedOut(() => {
    throw new Error(`GET /me failed: authorization: Bearer ${opaque}, id_token: ${jwt}`, {
      cause: `bearer ${opaque}`,
    });
  });
  await rig.failure('thrown', () => rig.client.session.refresh());
  rig.expectClean([jwt, opaque]);
});
