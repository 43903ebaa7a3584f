import type { Clock } from '../contracts.ts';
import { TokenError } from '../errors.ts';
import { createRedactor } from '../redact.ts';

/** What has to be known of a login when its answer comes (RFC 6749 §10.12, RFC 7636 §4.1). */
export interface PendingLogin {
  /** The issuer that was asked: nobody else is shown the code (RFC 9700 §4.4.2). */
  readonly issuer: string;
  readonly verifier: string;
  readonly nonce: string;
  /** What was asked for: an answer need not say what it leaves out. */
  readonly scope: string;
  readonly redirectUri: string;
  readonly returnTo: string;
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
}

/** Where logins wait for their answers: `sessionStorage` is one. */
export type LoginStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const LOGIN = 'fetch-valet:login:';
const SIGN_OUT = 'fetch-valet:sign-out:';
/** A login that takes longer is begun anew. */
const LONGEST = 600_000;

/** Logins that have begun, one entry for each `state`. An entry is good for one answer. */
export class PendingLogins {
  readonly #storage: () => LoginStorage;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(storage: () => LoginStorage, clock: Pick<Clock, 'now'>) {
    this.#storage = storage;
    this.#clock = clock;
  }

  add(state: string, login: Omit<PendingLogin, 'at'>): void {
    this.#use((storage) => {
      this.#sweep(storage);
      storage.setItem(LOGIN + state, JSON.stringify({ ...login, at: this.#clock.now() }));
    });
  }

  has(state: string): boolean {
    return this.#try((storage) => storage.getItem(LOGIN + state)) !== null;
  }

  /** Takes an entry out, before anything is done with it. `undefined`: there is none, or it is too old. */
  take(state: string): PendingLogin | undefined {
    const login = readLogin(this.#use((storage) => takeItem(storage, LOGIN + state)));
    return login !== undefined && this.#isAlive(login) ? login : undefined;
  }

  /** The user leaves for a sign-out at the server. */
  addSignOut(state: string): void {
    this.#try((storage) => storage.setItem(SIGN_OUT + state, ''));
  }

  takeSignOut(state: string): boolean {
    return this.#try((storage) => takeItem(storage, SIGN_OUT + state)) !== null;
  }

  #isAlive({ at }: PendingLogin): boolean {
    const age = this.#clock.now() - at;
    return age >= 0 && age <= LONGEST;
  }

  /** Logins that nobody came back from hold secrets, too. */
  #sweep(storage: LoginStorage): void {
    for (const key of Object.keys(storage).filter((name) => name.startsWith(LOGIN))) {
      const login = readLogin(storage.getItem(key));
      if (login === undefined || !this.#isAlive(login)) storage.removeItem(key);
    }
  }

  /** Where nothing can be stored, there is nothing. */
  #try<T>(use: (storage: LoginStorage) => T): T | null {
    try {
      return use(this.#storage());
    } catch {
      return null;
    }
  }

  #use<T>(use: (storage: LoginStorage) => T): T {
    try {
      return use(this.#storage());
    } catch (error) {
      const cause = createRedactor().copy(error);
      throw new TokenError('STORE_UNAVAILABLE', {
        message:
          `Not signed in: a login needs a place to wait for its answer, and the storage of this page refuses ` +
          `(${cause.name}: ${cause.message}). Allow the page to store data, or pass storage.`,
        cause,
      });
    }
  }
}

function takeItem(storage: LoginStorage, key: string): string | null {
  const text = storage.getItem(key);
  if (text !== null) storage.removeItem(key);
  return text;
}

function readLogin(text: string | null): PendingLogin | undefined {
  try {
    const login = JSON.parse(text ?? '') as PendingLogin;
    const texts = [login.issuer, login.verifier, login.nonce, login.scope, login.redirectUri, login.returnTo];
    return texts.every((value) => typeof value === 'string') && typeof login.at === 'number'
      ? login
      : undefined;
  } catch {
    return undefined;
  }
}
