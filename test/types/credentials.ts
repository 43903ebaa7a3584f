/** What a client and a `createFetch` may be made with. Nothing here runs: the compiler is the test. */
import { expectTypeOf } from 'vitest';
import {
  type AuthStrategy,
  accessToken,
  apiKey,
  bearer,
  Client,
  combine,
  type Session,
  type SessionUser,
  type StandaloneFetch,
} from '../../src/index.ts';

declare const issue: () => Promise<string>;

export function aKey(): void {
  const { WEATHER_API_KEY } = process.env;
  expectTypeOf(new Client(WEATHER_API_KEY, { baseUrl: 'https://api.example.com' })).toEqualTypeOf<Client>();
  expectTypeOf(new Client('key', { baseUrl: new URL('https://api.example.com') })).toEqualTypeOf<Client>();
  new Client(apiKey(process.env.KEY));
  new Client(apiKey('key', { in: 'query', name: 'appid' }));
  new Client(apiKey('key', { name: 'x-app-key', label: 'billing', secret: true }));
  new Client(apiKey('key', { scheme: 'Token' }));
  new Client(apiKey(({ rejectedKey, signal }) => nextKey(rejectedKey, signal), { maxAge: 60_000 }));
  new Client(bearer(process.env.GITHUB_TOKEN, { label: 'ci' }));
  new Client(bearer(async () => 'token', { maxAge: 1000 }));
}

declare function nextKey(rejected: string | undefined, signal: AbortSignal): Promise<string>;

export function aTokenProvider(): void {
  new Client(() => 'token');
  new Client(() => null);
  new Client(async () => 'token');
  new Client(async ({ reason }) => (reason === 'initial' ? null : 'token'));
  new Client(issue);
  new Client(() => ({ token: 'token', expiresAt: new Date() }));
  new Client(async () => ({
    access_token: 'token',
    expires_in: 3600,
    refresh_token: 'next',
    id_token: null,
  }));
  new Client(async () => ({ accessToken: 'token', expiresAt: '2026-01-01T00:00:00Z', scope: undefined }));
  new Client(() => fetch('/token', { method: 'POST' }));
  new Client(({ refreshToken, signal }) =>
    refreshToken
      ? fetch('https://id.example.com/token', {
          method: 'POST',
          body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
          signal,
        })
      : null,
  );
}

export function whatAProviderIsTold(): void {
  new Client((context) => {
    expectTypeOf(context.reason).toEqualTypeOf<'initial' | 'expiring' | 'rejected' | 'scope'>();
    expectTypeOf(context.forceRefresh).toEqualTypeOf<boolean>();
    expectTypeOf(context.rejectedToken).toEqualTypeOf<string | undefined>();
    expectTypeOf(context.refreshToken).toEqualTypeOf<string | undefined>();
    expectTypeOf(context.scopes).toEqualTypeOf<readonly string[]>();
    expectTypeOf(context.challenge?.parameters.get('error')).toEqualTypeOf<string | undefined>();
    expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
    return null;
  });
}

export function aTokenSource(): void {
  class Login {
    readonly #listeners = new Set<() => void>();

    async getToken(): Promise<string | null> {
      return this.#listeners.size === 0 ? null : 'token';
    }

    subscribe(changed: () => void): () => void {
      this.#listeners.add(changed);
      return () => void this.#listeners.delete(changed);
    }

    async signOut(): Promise<void> {}
  }
  new Client(new Login());
  new Client({ getToken: issue });
  new Client(accessToken(new Login(), { initial: { accessToken: 'first' }, refreshAhead: 30_000 }));
}

export function aStrategy(): void {
  expectTypeOf(apiKey('key')).toEqualTypeOf<AuthStrategy<string>>();
  expectTypeOf(bearer('token')).toEqualTypeOf<AuthStrategy<string>>();
  expectTypeOf(accessToken(issue).session).toEqualTypeOf<Session<SessionUser>>();
  new Client(accessToken(issue, { placement: { in: 'header', name: 'x-access-token' }, deadline: 5000 }));
  new Client(combine([apiKey('key'), accessToken(issue)]));
  const strategies: readonly AuthStrategy[] = [apiKey('key'), bearer('token'), accessToken(issue)];
  new Client(combine(strategies));
}

export async function aFetchAlone(): Promise<void> {
  const { createFetch } = await import('../../src/fetch.ts');
  expectTypeOf(createFetch(process.env.KEY)).toEqualTypeOf<StandaloneFetch>();
  const authFetch = createFetch(accessToken(issue), {
    baseUrl: '/api',
    auth: 'optional',
    runtime: { fetch },
  });
  expectTypeOf(authFetch.session.signOut()).resolves.toEqualTypeOf<void>();
  expectTypeOf(authFetch.close()).toEqualTypeOf<void>();

  // @ts-expect-error a bundle with nothing but a key carries no token manager: accessToken(issue)
  createFetch(issue);
  // @ts-expect-error the same for a source
  createFetch({ getToken: issue });
  // @ts-expect-error events belong to a Client
  createFetch('key', { logger: console });
}

export function noCredential(): void {
  // @ts-expect-error a client with nothing to authenticate with is a mistake; undefined is for process.env
  new Client();
  // @ts-expect-error null is what a provider says when nobody is signed in, not a credential
  new Client(null);
  // @ts-expect-error keys are text
  new Client(42);
  // @ts-expect-error no strategy, no source
  new Client({});
  // @ts-expect-error options are no credential
  new Client({ baseUrl: 'https://api.example.com' });
  // @ts-expect-error a token is text
  new Client(() => 42);
  // @ts-expect-error nothing in it is a token
  new Client(() => ({ jwt: 'token' }));
  // @ts-expect-error undefined is more often a bug than a signed-out user, who is null
  new Client(() => undefined);
  // @ts-expect-error the same later
  new Client(async (): Promise<string | undefined> => undefined);
  // @ts-expect-error a token that is at hand is a bearer(token), or an initial
  accessToken('token');
  // @ts-expect-error a client of a client is made with extend()
  new Client(new Client('key'));
}

export function misplacedCredentials(): void {
  // @ts-expect-error no cookies
  apiKey('key', { in: 'cookie' });
  // @ts-expect-error the option is called `in`
  apiKey('key', { placement: 'query' });
  // @ts-expect-error a bearer token goes into Authorization and nowhere else
  bearer('token', { name: 'x-token' });
  // @ts-expect-error RFC 6750 §2.2 is not supported
  accessToken(issue, { placement: { in: 'body' } });
  // @ts-expect-error milliseconds are a number
  apiKey(async () => 'key', { maxAge: '1h' });
  // @ts-expect-error a key function never says that nobody is signed in
  apiKey(() => null);
  // @ts-expect-error a list, so that the order is plain to see
  combine(apiKey('key'), bearer('token'));
}
