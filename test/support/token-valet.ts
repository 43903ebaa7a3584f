import type {
  SessionUser,
  TokenContext,
  TokenProvider,
  TokenResult,
  TokenSource,
} from '../../src/contracts.ts';
import type { EventName } from '../../src/events.ts';
import {
  type AccessTokenOptions,
  accessToken,
  Client,
  type ExtendOptions,
  type FetchInit,
} from '../../src/index.ts';
import { createManualClock, type ManualClock, settle } from './clock.ts';

/** A client with one token source on a clock that stands still, and what went in and out of it. */
export interface TokenValet<User extends SessionUser = SessionUser> {
  readonly client: Client<User>;
  readonly clock: ManualClock;
  /** What the provider was asked with, in order. */
  readonly asked: readonly TokenContext[];
  /** The `Authorization` of every request that was sent, in order. */
  readonly sent: readonly string[];
  /** The names of the events so far. */
  readonly events: readonly EventName[];
  /** Sends a request and gives the status it was answered with, or the code it failed with. */
  readonly request: (init?: FetchInit) => Promise<number | string>;
}

export interface TokenValetOptions<User extends SessionUser> extends AccessTokenOptions<User> {
  /** What the API answers: 200 unless said otherwise. */
  readonly respond?: (request: Request) => Response | Promise<Response>;
  readonly clock?: ManualClock;
  readonly random?: () => number;
  /** Options of the client. */
  readonly options?: ExtendOptions;
}

const WATCHED: readonly EventName[] = [
  'replay',
  'refresh',
  'refreshed',
  'refreshfailed',
  'signedin',
  'userchange',
  'sessionend',
  'signedout',
  'warning',
];

export function createTokenValet<User extends SessionUser = SessionUser>(
  from: TokenProvider | TokenSource,
  options: TokenValetOptions<User> = {},
): TokenValet<User> {
  const {
    respond = () => new Response('ok'),
    clock = createManualClock(),
    random = half,
    options: clientOptions,
    ...token
  } = options;
  const asked: TokenContext[] = [];
  const sent: string[] = [];
  const events: EventName[] = [];
  const source: TokenSource = typeof from === 'function' ? { getToken: from } : from;
  const watched: TokenSource = {
    ...source,
    getToken(context) {
      asked.push(context);
      return source.getToken(context);
    },
  };
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    sent.push(request.headers.get('authorization') ?? '');
    return respond(request);
  };
  const client = new Client<User>(accessToken(watched, token), {
    baseUrl: 'https://api.test',
    ...clientOptions,
    logger: { debug() {}, warn() {} },
    runtime: { fetch, clock, random },
  });
  for (const name of WATCHED) client.on(name, () => events.push(name));
  const request = (init?: FetchInit): Promise<number | string> => outcomeOf(client.fetch('/', init));
  return { client, clock, asked, sent, events, request };
}

const half = (): number => 0.5;

/** The status of a response, or the code or the name of what was thrown instead. */
export async function outcomeOf(answer: Promise<Response>): Promise<number | string> {
  try {
    return (await answer).status;
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: string };
    return typeof code === 'string' ? code : (name ?? 'unknown');
  }
}

/** A promise that a test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function createDeferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A provider whose every call a test answers by hand. */
export interface HeldProvider {
  readonly provider: TokenProvider;
  /** The calls that wait for an answer, the oldest first. */
  readonly calls: readonly Deferred<TokenResult>[];
}

export function createHeldProvider(): HeldProvider {
  const calls: Deferred<TokenResult>[] = [];
  const provider: TokenProvider = () => {
    const call = createDeferred<TokenResult>();
    calls.push(call);
    return call.promise;
  };
  return { provider, calls };
}

/** A provider that hands out `token-1`, `token-2`, … */
export function countingProvider(expiresIn?: number): TokenProvider {
  let count = 0;
  return () => ({ token: `token-${++count}`, ...(expiresIn !== undefined && { expiresIn }) });
}

/** Whether a promise has settled by now, with all that waits for nothing but other promises. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  await settle();
  return settled;
}
