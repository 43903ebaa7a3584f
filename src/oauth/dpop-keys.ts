import * as oauth from 'oauth4webapi';
import { alarm, systemClock } from '../clock.ts';
import type { Awaitable, Clock } from '../contracts.ts';
import { Database } from '../database.ts';
import { invalidOption } from '../options.ts';
import { type BoundKey, boundKey } from './dpop-proof.ts';
import type { KeyPair } from './key-pair.ts';

/**
 * `true`: a key that is made here and cannot be taken away. A pair of one's own, or a function that loads it, is for
 * servers that share sessions.
 */
export type DpopOption = true | { readonly keyPair: KeyPair | (() => Awaitable<KeyPair>) };

const DATABASE = 'fetch-valet-keys';
/** Milliseconds that the database has for an answer: some browsers never give one. */
const PATIENCE = 3000;

/**
 * The key that tokens are bound to. One that is made here cannot be exported, and is kept in IndexedDB where there
 * is one: all tabs have the same, and it is still there when a login comes back to the page.
 */
export class DpopKeys {
  readonly isShared: boolean;
  readonly #given: Exclude<DpopOption, true>['keyPair'] | undefined;
  readonly #database: Database | undefined;
  readonly #name: string;
  readonly #clock: Clock;
  #current: Promise<BoundKey> | undefined;

  /**
   * @param name Tells the keys of several clients of one origin apart.
   * @throws `ConfigError` `INVALID_OPTION`
   */
  constructor(
    option: DpopOption,
    name: string,
    factory: (() => IDBFactory) | undefined = platformDatabases(),
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    this.#given = option === true ? undefined : checkPair(option);
    this.#name = name;
    this.#database = this.#given || factory === undefined ? undefined : new Database(DATABASE, factory);
    this.isShared = this.#given !== undefined || this.#database !== undefined;
  }

  /** The key in use. It is made at first use. */
  current(): Promise<BoundKey> {
    this.#current ??= this.#find().catch((error: unknown) => {
      this.#current = undefined;
      throw error;
    });
    return this.#current;
  }

  /** Whether the key with this thumbprint is at hand: another tab may have made a new one after the old one was lost. */
  async holds(thumbprint: string): Promise<boolean> {
    if ((await this.current()).thumbprint === thumbprint) return true;
    const pair = await this.#inTime(
      this.#database?.run<unknown>('readonly', (keys, done) => {
        const request = keys.get(this.#name);
        request.onsuccess = () => done(request.result);
      }),
    );
    if (!isPair(pair)) return false;
    const key = await boundKey(pair);
    if (key.thumbprint !== thumbprint) return false;
    this.#current = Promise.resolve(key);
    return true;
  }

  async #find(): Promise<BoundKey> {
    if (this.#given) return boundKey(await this.#load(this.#given));
    const made = await oauth.generateKeyPair('ES256', { extractable: false });
    // Where a private window refuses it, the key lives as long as the page.
    return boundKey((await this.#inTime(this.#keep(made))) ?? made);
  }

  async #load(given: Exclude<DpopOption, true>['keyPair']): Promise<CryptoKeyPair> {
    const pair = typeof given === 'function' ? await given() : given;
    if (isPair(pair)) return pair;
    throw invalidOption('The function dpop.keyPair returns a CryptoKeyPair for signing.');
  }

  /** What the database says; `undefined` where it fails, or lets a request wait for too long. */
  #inTime<T>(answer: Promise<T> | undefined): Promise<T | undefined> {
    return new Promise((resolve) => {
      const nothing = (): void => resolve(undefined);
      const cancel = alarm(this.#clock, PATIENCE, nothing, true);
      void (answer ?? Promise.resolve(undefined)).then(resolve, nothing).finally(cancel);
    });
  }

  /** Stores `made`, unless another tab was faster: then theirs is everybody's. */
  #keep(made: CryptoKeyPair): Promise<CryptoKeyPair> | undefined {
    return this.#database?.run('readwrite', (keys, done) => {
      const request = keys.get(this.#name);
      request.onsuccess = () => {
        const pair = isPair(request.result) ? request.result : made;
        if (pair === made) keys.put(made, this.#name);
        done(pair);
      };
    });
  }
}

function platformDatabases(): (() => IDBFactory) | undefined {
  return 'indexedDB' in globalThis ? () => globalThis.indexedDB : undefined;
}

function checkPair({ keyPair, ...rest }: Exclude<DpopOption, true>): typeof keyPair {
  if ((typeof keyPair === 'function' || isPair(keyPair)) && Object.keys(rest).length === 0) return keyPair;
  throw invalidOption(
    'dpop is true, or { keyPair } with a CryptoKeyPair for signing, or a function that loads it.',
  );
}

function isPair(value: unknown): value is CryptoKeyPair {
  const { privateKey, publicKey } = Object(value) as Partial<CryptoKeyPair>;
  return privateKey instanceof CryptoKey && publicKey instanceof CryptoKey;
}
