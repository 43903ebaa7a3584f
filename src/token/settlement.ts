import type { SessionUser, StoredToken } from '../contracts.ts';
import type { ValetError } from '../errors.ts';
import type { Answer } from './call-provider.ts';
import { following, hasSession, isSameNeed, MOST_TOKENS, nextEpoch, OVER } from './document.ts';
import type { Failure } from './failure.ts';
import type { Flight, Outcome } from './flight.ts';
import { busy, isServed, type Lease, temporary } from './lease.ts';
import type { SharedSession } from './shared-session.ts';
import type { Slot } from './slot.ts';
import type { Wallet } from './wallet.ts';

/** What becomes of a lease: what it brought is stored, or its claim is let go (rule T14). */
export class Settlement<User extends SessionUser> {
  readonly #wallet: Wallet<User>;
  readonly #session: SharedSession<User>;

  constructor(wallet: Wallet<User>, session: SharedSession<User>) {
    this.#wallet = wallet;
    this.#session = session;
  }

  /** Stores what came of it, or lets the claim go. */
  async settle(lease: Lease, slot: Slot, answer: Answer | undefined, outcome: Outcome): Promise<void> {
    const wallet = this.#wallet;
    if (this.#session.vault.store.readOnly === true) return;
    const failure = answer?.kind === 'failure' ? answer.failure : undefined;
    // Its answer may still be on the way, with the only refresh token that is good: nobody else may ask yet.
    if (failure?.isOpen === true && lease.refreshToken !== undefined) return;
    lease.isSettled = true;
    if (outcome === 'token') await this.#store(lease, slot, true);
    else if (wallet.refreshToken !== undefined && wallet.refreshToken !== lease.refreshToken)
      await this.#store(lease, slot, false);
    else if (outcome === 'nobody') await this.#end(lease, 'signed-out');
    else if (failure?.kind === 'final' && outcome === 'failed') await this.#end(lease, 'ended');
    else await this.release(lease);
  }

  /** A refusal for good: it may be of a refresh token that somebody else has replaced meanwhile. */
  async appeal(lease: Lease, slot: Slot, flight: Flight, failure: Failure): Promise<'served' | Failure> {
    const session = this.#session;
    try {
      const sight = await session.vault.look();
      const { document } = sight;
      if (lease.covers(document)) {
        const isClaimed = document?.claim !== undefined && document.claim.id !== lease.id;
        return isClaimed ? temporary(busy()) : failure;
      }
      // Not where something newer from here is still to be stored.
      if (slot.flight !== flight || session.isPending) return temporary(busy());
      session.take(sight);
      return isServed(this.#wallet, slot, flight) ? 'served' : temporary(busy());
    } catch (error) {
      return temporary(error as ValetError);
    }
  }

  /** Lets a claim go that nothing has come of. Once: who cannot reach the store waits until it is over. */
  async release(lease: Lease): Promise<void> {
    const session = this.#session;
    lease.isSettled = true;
    try {
      const { document, now } = await session.vault.look();
      if (document?.claim?.id !== lease.id) return;
      const next = following(document, { claim: undefined }, now);
      if (await session.vault.swap(document, next)) session.note(next);
    } catch {
      // It is overridden at the next attempt, or by the others in a minute.
    }
  }

  #store(lease: Lease, slot: Slot, withToken: boolean): Promise<void> {
    const session = this.#session;
    const wallet = this.#wallet;
    return session.write((sight) => {
      const { document, now } = sight;
      if (!lease.covers(document)) {
        if (session.isLastWrite) session.take(sight, true);
        return undefined;
      }
      // What is at hand by now came of a sign-in or a sign-out, which follows.
      if (!session.isLastWrite) return undefined;
      const { token, ...parts } = wallet.stored(slot, now);
      if (!withToken || token === undefined) {
        const kept = { refreshToken: parts.refreshToken, claim: undefined };
        // Beside the word that a session is over, others would not take it for the start of one.
        const isOver = document?.state === 'ended' || document?.state === 'signed-out';
        const start = isOver ? { ...OVER, state: 'none' as const, epoch: nextEpoch(document, now) } : {};
        return following(document, { ...start, ...kept }, now);
      }
      const isSame = hasSession(document) && document?.userId === parts.userId;
      const epoch = isSame && document ? document.epoch : session.epochAfter(document, now);
      const tokens = isSame && document ? replaced(document.tokens, token, now) : [token];
      return following(document, { ...parts, state: 'signed-in', epoch, tokens, claim: undefined }, now);
    });
  }

  #end(lease: Lease, state: 'signed-out' | 'ended'): Promise<void> {
    return this.#session.write(({ document, now }) => {
      if (document === undefined || !lease.covers(document)) return undefined;
      // Who comes later knows no user, and those who do are still to hear why it ended.
      if (document.state === 'ended') return following(document, { claim: undefined }, now);
      const isOver = hasSession(document);
      const epoch = isOver && state === 'signed-out' ? nextEpoch(document, now) : document.epoch;
      // The word that somebody has signed out stays for those who have not heard it.
      const is = isOver ? state : document.state;
      const userId = is === 'ended' ? document.userId : undefined;
      const bare = { userId, refreshToken: undefined, idToken: undefined, claim: undefined, tokens: [] };
      return following(document, { ...bare, state: is, epoch }, now);
    });
  }
}

/** The token of the same slot gives way; the first one stays the first. */
function replaced(tokens: readonly StoredToken[], token: StoredToken, now: number): readonly StoredToken[] {
  const index = tokens.findIndex(({ need }) => isSameNeed(need, token.need));
  return index === -1 ? [...withRoom(tokens, now), token] : tokens.with(index, token);
}

/** Room for one more: what has ended gives way, then the oldest. The first one stays: it tells who the user is. */
function withRoom(tokens: readonly StoredToken[], now: number): readonly StoredToken[] {
  if (tokens.length < MOST_TOKENS) return tokens;
  const alive = tokens
    .slice(1)
    .filter(({ received, lifetime = Number.POSITIVE_INFINITY }) => now - received < lifetime);
  const newest = alive.toSorted((one, other) => one.received - other.received).slice(2 - MOST_TOKENS);
  return [...tokens.slice(0, 1), ...newest];
}
