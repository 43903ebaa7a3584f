import { tokenChallenge } from '../challenge.ts';
import { systemClock } from '../clock.ts';
import type { Outgoing, TokenProof } from '../contracts.ts';
import type { BoundedFetch } from './bounded-fetch.ts';
import { DpopKeys, type DpopOption } from './dpop-keys.ts';
import { signProof } from './dpop-proof.ts';
import { errorIn } from './refusal.ts';

/** `NQCHAR` of RFC 9449 §8.1, and no longer than a header may be. */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,4096}$/;
/** Where an option has the proofs of another source. */
const HANDED_ON: unique symbol = Symbol('proofs');
/** A clock that is off by less, in milliseconds, is not why a proof was refused. */
const TOLERABLE = 5000;

/**
 * Proofs of possession (RFC 9449). Nonces are kept for each origin, and learned from every response; a server that
 * wants another nonce is sent to once more (rule P2). A clock that is wrong is found out by a refusal.
 */
export class Dpop implements TokenProof {
  readonly #keys: DpopKeys;
  readonly #nonces = new Map<string, string>();
  /** Milliseconds that servers are ahead of the clock here, by origin. */
  readonly #skews = new Map<string, number>();

  constructor(keys: DpopKeys) {
    this.#keys = keys;
  }

  /** The proofs that an option of a grant asks for: with a key, or those that another source hands on. */
  static of(option: DpopOption & { readonly [HANDED_ON]?: Dpop }, name: string): Dpop {
    return option[HANDED_ON] ?? new Dpop(new DpopKeys(option, name));
  }

  /** An option with these proofs: the same key, the same nonces and the same time. */
  handOn(): DpopOption {
    const option = { keyPair: async () => (await this.#keys.current()).pair, [HANDED_ON]: this };
    return option;
  }

  get isShared(): boolean {
    return this.#keys.isShared;
  }

  async thumbprint(): Promise<string> {
    return (await this.#keys.current()).thumbprint;
  }

  holds(thumbprint: string): Promise<boolean> {
    return this.#keys.holds(thumbprint);
  }

  async apply({ url, method, headers }: Outgoing, token: string): Promise<void> {
    headers.set('authorization', `DPoP ${token}`);
    headers.set('dpop', await this.#prove(url, method, token));
  }

  learn(response: Response, { url }: Outgoing): boolean {
    this.#note(response, url);
    if (response.status !== 401) return false;
    const challenge = tokenChallenge(response.headers.get('www-authenticate'));
    return this.#mayMend(response, url, challenge?.parameters.get('error'));
  }

  /** A `fetch` for a token endpoint: what it hands out is bound to the key. */
  bind(fetch: BoundedFetch): BoundedFetch {
    return async (href, options) => {
      const url = new URL(href);
      const { headers: given, method = 'POST' } = options as RequestInit;
      const headers = new Headers(given);
      headers.set('dpop', await this.#prove(url, method));
      const response = await fetch(href, { ...options, headers });
      this.#note(response, url);
      return response;
    };
  }

  /** Whether what a token endpoint refused may be granted with another proof. */
  async wantsAgain(response: Response, endpoint: URL): Promise<boolean> {
    return !response.ok && this.#mayMend(response, endpoint, await errorIn(response));
  }

  async #prove(url: URL, method: string, token?: string): Promise<string> {
    const issuedAt = Math.floor((systemClock.now() + (this.#skews.get(url.origin) ?? 0)) / 1000);
    const nonce = this.#nonces.get(url.origin);
    return signProof(await this.#keys.current(), { url, method, issuedAt, nonce, token });
  }

  #note(response: Response, { origin }: URL): void {
    const nonce = nonceIn(response);
    if (nonce !== undefined) this.#nonces.set(origin, nonce);
  }

  #mayMend(response: Response, { origin }: URL, error: string | undefined): boolean {
    if (error === 'use_dpop_nonce') return nonceIn(response) !== undefined;
    if (error !== 'invalid_dpop_proof') return false;
    const skew = Date.parse(response.headers.get('date') ?? '') - systemClock.now();
    if (Number.isNaN(skew) || Math.abs(skew - (this.#skews.get(origin) ?? 0)) < TOLERABLE) return false;
    this.#skews.set(origin, skew);
    return true;
  }
}

function nonceIn({ headers }: Response): string | undefined {
  const nonce = headers.get('dpop-nonce') ?? '';
  return NONCE.test(nonce) ? nonce : undefined;
}
