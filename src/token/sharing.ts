import type { Host, SessionUser, TokenProof } from '../contracts.ts';
import type { ValetError } from '../errors.ts';
import type { Answer } from './call-provider.ts';
import type { Failure } from './failure.ts';
import type { Flight, Outcome } from './flight.ts';
import type { Claimed, Lease } from './lease.ts';
import type { SessionState } from './session-state.ts';
import type { Slot } from './slot.ts';
import type { Wallet } from './wallet.ts';

/**
 * What the token manager wants of a session that is shared through a store. It is handed in with the store, so that
 * a program without one does not carry it.
 */
export interface Sharing {
  /** Whether a request has to look first what others have stored. */
  readonly isDue: boolean;
  /** Looks whether a store that is down works again; no request waits for it. */
  lookAside(): void;
  /** Whether something that happened here is not stored yet. */
  readonly isPending: boolean;
  /** Takes over what others have stored. Never rejects. */
  look(): Promise<void>;
  /** Waits until somebody else has refreshed, or until this client may. */
  claim(slot: Slot, flight: Flight): Promise<Claimed>;
  /** Looks again before a refusal is taken for final. */
  appeal(lease: Lease, slot: Slot, flight: Flight, failure: Failure): Promise<'served' | Failure>;
  /** Stores what came of a lease, or lets its claim go. */
  settle(lease: Lease, slot: Slot, answer: Answer | undefined, outcome: Outcome): Promise<void>;
  /** Lets the claim of a lease go that nothing will come of. Never rejects. */
  release(lease: Lease): Promise<void>;
  /** Somebody signed in; or, where that was no login, this client began with tokens at hand. */
  signedIn(slot: Slot, isLogin: boolean): Promise<void>;
  signedOut(): Promise<void>;
}

/** What a shared session works on. */
export interface SharingParts<User extends SessionUser> {
  readonly host: Host;
  readonly state: SessionState<User>;
  readonly wallet: Wallet<User>;
  /** Where the tokens are bound to a key. */
  readonly proof: TokenProof | undefined;
  /** What is under way here is of no use any more. */
  supersede(why?: ValetError): void;
  /** Starts a session with what was at hand, where the store holds none. `false`: nothing was. */
  begin(): boolean;
}

export type Share = <User extends SessionUser>(parts: SharingParts<User>) => Sharing;
