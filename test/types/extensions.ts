/** Seams that users implement. Nothing here runs. */
import { expectTypeOf } from 'vitest';
import {
  type AuthStrategy,
  Client,
  type Clock,
  createFetch,
  type Logger,
  type TokenSource,
} from '../../src/index.ts';

/** HTTP Basic, the whole of it. */
export function basic(user: string, password: string): AuthStrategy<string> {
  return {
    name: 'basic',
    placement: 'authorization',
    credential: () => btoa(`${user}:${password}`),
    apply({ headers }, credential) {
      headers.set('authorization', `Basic ${credential}`);
    },
  };
}

/** A strategy that signs each hop and has an object for a credential. */
const signing: AuthStrategy<{ readonly keyId: string; readonly key: CryptoKey }> = {
  name: 'signing',
  placement: 'header',
  connect: ({ clock, signal }) => signal.addEventListener('abort', () => clock.now()),
  credential: async ({ rejected, signal, resource }) => rejected ?? importKey(resource, signal),
  async apply({ url, method, headers }, { keyId, key }) {
    const text = new TextEncoder().encode(`${method} ${url.pathname}`);
    const signature = await crypto.subtle.sign('HMAC', key, text);
    headers.set('signature', `${keyId}:${btoa(String.fromCharCode(...new Uint8Array(signature)))}`);
  },
  learn: (response) => response.headers.has('x-nonce'),
  describe: ({ keyId }) => keyId,
};

declare function importKey(
  resource: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly keyId: string; readonly key: CryptoKey }>;

export function strategiesOfOnesOwn(): void {
  new Client(basic('user', 'password'));
  new Client(signing);
  expectTypeOf(createFetch(signing)).toExtend<typeof fetch>();

  // @ts-expect-error without a placement nobody knows what a redirect may carry
  new Client({ name: 'hasty', credential: () => 'key', apply: () => {} });
  // @ts-expect-error the places are three
  const cookie: AuthStrategy<string>['placement'] = 'cookie';
  void cookie;
}

/** Pino and its like: methods with overloads that take more than a line. */
interface PinoLike {
  debug(line: string, ...rest: unknown[]): void;
  debug(merge: object, line?: string, ...rest: unknown[]): void;
  warn(line: string, ...rest: unknown[]): void;
  warn(merge: object, line?: string, ...rest: unknown[]): void;
}

export function seamsOfTheRuntime(pino: PinoLike, clock: Clock): void {
  expectTypeOf<Console>().toExtend<Logger>();
  expectTypeOf<Parameters<Logger['debug'] | Logger['warn']>>().toEqualTypeOf<[line: string]>();
  new Client('key', {
    logger: pino,
    debug: true,
    runtime: { clock, fetch: async () => new Response(), random: () => 0.5 },
  });
  // @ts-expect-error a clock has two hands
  new Client('key', { runtime: { clock: { now: Date.now, setTimeout: () => () => {} } } });
}

export const source = {
  getToken: async ({ forceRefresh }) => (forceRefresh ? 'new' : 'token'),
} satisfies TokenSource;
