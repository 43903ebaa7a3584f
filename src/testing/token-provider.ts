import { systemClock } from '../clock.ts';
import type { Clock, SessionUser, TokenContext, TokenProvider, TokenResult } from '../contracts.ts';
import { checkDuration, checkKeys, invalidOption } from '../options.ts';
import { createTestJwt } from './jwt.ts';
import { checkUser, type TestUser } from './token-desk.ts';

/** How a fake provider fails: one call with a bad moment of the network, every call so, or every call with an error. */
export type ProviderFailure = 'once' | 'always' | Error;

/** Options of {@link fakeTokenProvider}. */
export interface FakeTokenProviderOptions {
  /** Whose tokens they are: `test-user` unless said otherwise. `null`: nobody is signed in. */
  readonly user?: SessionUser | TestUser | null | undefined;
  /** The life of a token in milliseconds: 300 000. */
  readonly ttl?: number | undefined;
  readonly fail?: ProviderFailure | undefined;
  /** Milliseconds that an answer takes, on `clock`. */
  readonly latency?: number | undefined;
  /** The clock of the client. */
  readonly clock?: Clock | undefined;
}

/** A token provider for tests: `new Client(fakeTokenProvider())`. */
export interface FakeTokenProvider extends TokenProvider {
  /** Whose tokens it hands out from now on. */
  user: SessionUser | TestUser | null;
  /** How it fails from now on. `once` is over after one call. */
  fail: ProviderFailure | undefined;
  /** What it was asked with, in order. */
  readonly calls: readonly TokenContext[];
  /** The access tokens that it handed out, in order. */
  readonly issued: readonly string[];
  /** The same, for `expectNoSecrets()`. */
  readonly secrets: readonly string[];
}

/**
 * Makes a provider that hands out another token at each call, as a function without refresh tokens does.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function fakeTokenProvider(options: FakeTokenProviderOptions = {}): FakeTokenProvider {
  const known = ['user', 'ttl', 'fail', 'latency', 'clock'];
  const own = checkKeys('fakeTokenProvider()', options, known);
  const { user = { id: 'test-user' }, ttl = 300_000, fail, latency = 0, clock } = own;
  checkDuration('ttl', ttl);
  checkDuration('latency', latency);
  checkFailure(fail);
  if (user !== null) checkUser(user);
  if (latency > 0 && clock === undefined)
    throw invalidOption('latency needs a clock that the test moves: clock: createClock().');
  const calls: TokenContext[] = [];
  const issued: string[] = [];
  const answer = (): TokenResult => {
    throwIfFailing(provider);
    if (provider.user === null) return null;
    checkUser(provider.user);
    const { id, ...claims } = provider.user;
    const token = createTestJwt(
      { ...claims, sub: id },
      { expiresIn: ttl / 1000, clock: clock ?? systemClock },
    );
    issued.push(token);
    return { accessToken: token, expiresIn: ttl / 1000 };
  };
  const ask: TokenProvider = (context) => {
    calls.push(context);
    return latency > 0 && clock ? later(clock, latency, context.signal).then(answer) : answer();
  };
  const provider: FakeTokenProvider = Object.assign(ask, { user, fail, calls, issued, secrets: issued });
  return provider;
}

function throwIfFailing(provider: FakeTokenProvider): void {
  const { fail } = provider;
  checkFailure(fail);
  if (fail === undefined) return;
  if (fail === 'once') provider.fail = undefined;
  // What a platform's `fetch` throws without a network: a bad moment, after which the session goes on.
  throw fail instanceof Error ? fail : new TypeError('fetch failed');
}

/** It may also be set later. */
function checkFailure(fail: unknown): void {
  if (fail === undefined || fail === 'once' || fail === 'always' || fail instanceof Error) return;
  throw invalidOption(
    "fail is 'once', 'always' or an Error to throw. Leave it out for a provider that works.",
  );
}

function later(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      cancel();
      reject(signal.reason as Error);
    });
  });
}
