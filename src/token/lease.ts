import { elapsed, type Moment } from '../clock.ts';
import type { Clock, SessionDocument, SessionUser } from '../contracts.ts';
import { TokenError, type ValetError } from '../errors.ts';
import type { Failure } from './failure.ts';
import type { Flight } from './flight.ts';
import type { Slot } from './slot.ts';
import { covers } from './step-up.ts';
import type { Wallet } from './wallet.ts';

/** A refresh token is sent within this time of its claim: a machine that slept in between sends nothing. */
const SEND_WITHIN = 2000;
/** Together with what an answer is listened for (40 s) well below what a claim holds. */
const INSIST_WITHIN = 15_000;
/** When to look again for what somebody else is at. */
const SOON = 1000;

/** The right to redeem the refresh token of a document, once. */
export class Lease {
  readonly id: string;
  readonly epoch: number;
  readonly refreshToken: string | undefined;
  /** Nothing can come of it any more: whoever has it may claim anew at once. */
  isSettled = false;
  readonly #clock: Clock;
  readonly #since: Moment;

  constructor(id: string, { epoch, refreshToken }: SessionDocument, clock: Clock, since: Moment) {
    this.id = id;
    this.epoch = epoch;
    this.refreshToken = refreshToken;
    this.#clock = clock;
    this.#since = since;
  }

  /** Whether the refresh token may be sent now. Looked at last before the send. */
  get isFresh(): boolean {
    return elapsed(this.#clock, this.#since) <= SEND_WITHIN;
  }

  get mayInsist(): boolean {
    return elapsed(this.#clock, this.#since) <= INSIST_WITHIN;
  }

  /** Whether the document is still the one that was claimed, whatever the claim says by now. */
  covers(document: SessionDocument | undefined): boolean {
    if (document === undefined) return true;
    return document.epoch === this.epoch && document.refreshToken === this.refreshToken;
  }
}

/** What came of asking for a lease. */
export type Claimed =
  | { readonly kind: 'lease'; readonly lease: Lease }
  | { readonly kind: 'served' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** Whether what a flight is for is at hand by now: somebody else has refreshed. */
export function isServed<User extends SessionUser>(
  wallet: Wallet<User>,
  slot: Slot,
  flight: Flight,
): boolean {
  const held = wallet.usable(slot);
  if (held === undefined || held.token.value === flight.before) return false;
  if (flight.reason === 'scope') return covers(held.scopes, flight.scopes);
  return flight.forced || wallet.isFresh(held);
}

/** A bad moment that a request does not wait out. */
export function temporary(error: ValetError): Failure {
  return { kind: 'temporary', error, waitable: false, retryAfter: SOON };
}

/** Somebody else is at it. */
export function busy(): TokenError {
  return new TokenError('TOKEN_TIMEOUT', {
    message:
      'No access token: another tab or process is refreshing the session and is not done yet. Two at once would end ' +
      'it, so this one did not try. Try again.',
    retryable: true,
  });
}

/** The store is only looked at. */
export function readOnly(): TokenError {
  return new TokenError('STORE_UNAVAILABLE', {
    message:
      'The access token in the store has ended, and the store is read-only here: refresh tokens are redeemed by who ' +
      'owns the session. Answer without the user’s data, and let the browser ask.',
    retryable: true,
  });
}
