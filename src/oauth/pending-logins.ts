import type { Clock } from '../contracts.ts';

/** What has to be known of a login when its answer comes (RFC 6749 §10.12, RFC 7636 §4.1). */
export interface PendingLogin {
  readonly verifier: string;
  readonly nonce: string;
  readonly redirectUri: string;
  readonly returnTo: string;
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
}

/** Where logins wait for their answers: `sessionStorage` is one. */
export type LoginStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const PREFIX = 'fetch-valet:login:';
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
    this.#storage().setItem(PREFIX + state, JSON.stringify({ ...login, at: this.#clock.now() }));
  }

  /** Takes an entry out, before anything is done with it. `undefined`: there is none, or it is too old. */
  take(state: string): PendingLogin | undefined {
    const storage = this.#storage();
    const text = storage.getItem(PREFIX + state);
    if (text === null) return undefined;
    storage.removeItem(PREFIX + state);
    const login = readLogin(text);
    const age = login === undefined ? undefined : this.#clock.now() - login.at;
    return age !== undefined && age >= 0 && age <= LONGEST ? login : undefined;
  }
}

function readLogin(text: string): PendingLogin | undefined {
  try {
    const login = JSON.parse(text) as PendingLogin;
    const texts = [login.verifier, login.nonce, login.redirectUri, login.returnTo];
    return texts.every((value) => typeof value === 'string') && typeof login.at === 'number'
      ? login
      : undefined;
  } catch {
    return undefined;
  }
}
