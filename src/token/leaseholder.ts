import { elapsed, moment } from '../clock.ts';
import type { SessionClaim, SessionDocument, SessionUser } from '../contracts.ts';
import type { ValetError } from '../errors.ts';
import { following, hasSession } from './document.ts';
import type { Flight } from './flight.ts';
import { busy, type Claimed, isServed, Lease, readOnly, temporary } from './lease.ts';
import { Settlement } from './settlement.ts';
import type { SharedSession } from './shared-session.ts';
import type { SharingParts } from './sharing.ts';
import { Sighting } from './sighting.ts';
import type { Slot } from './slot.ts';
import type { Sight } from './vault.ts';
import { pause } from './writer.ts';

/** Who meets a claim waits so long, and never goes without one. */
const WAIT = 5000;
const POLL = 250;

const GONE = { kind: 'gone' } as const;

/**
 * The claim protocol (rule T14): whoever redeems a refresh token has claimed it in the store before, so nobody else
 * does; what it brings is stored while the refresh token that it was bought with is still the stored one.
 */
export class Leaseholder<User extends SessionUser> {
  readonly #parts: SharingParts<User>;
  readonly #session: SharedSession<User>;
  readonly settlement: Settlement<User>;
  /** The last claim that was tried, and what came of it: nothing is sent before it is known to be ours. */
  #last: { readonly id: string; readonly isSettled: boolean } | undefined;
  #sighted: Sighting | undefined;
  #count = 0;
  /** When this client was made, on its own clock. */
  readonly #made: number;

  constructor(parts: SharingParts<User>, session: SharedSession<User>) {
    this.#parts = parts;
    this.#session = session;
    this.#made = parts.host.clock.monotonic();
    this.settlement = new Settlement(parts.wallet, session);
  }

  /** Waits until somebody else has refreshed, or until this client may. */
  async claim(slot: Slot, flight: Flight): Promise<Claimed> {
    const { host } = this.#parts;
    const session = this.#session;
    const start = moment(host.clock);
    for (;;) {
      // Looked at in each round: in a closed client no pause takes any time.
      if (slot.flight !== flight) return GONE;
      try {
        const claimed = session.isPending ? undefined : await this.#look(slot, flight);
        if (claimed) return claimed;
      } catch (error) {
        if (slot.flight !== flight) return { kind: 'gone' };
        return { kind: 'failure', failure: temporary(error as ValetError) };
      }
      if (elapsed(host.clock, start) >= WAIT) return { kind: 'failure', failure: temporary(busy()) };
      await pause(host, POLL * (0.5 + host.random()));
    }
  }

  /** One attempt. `undefined`: somebody else is at it. */
  async #look(slot: Slot, flight: Flight): Promise<Claimed | undefined> {
    const { wallet } = this.#parts;
    const session = this.#session;
    const sight = await session.vault.look();
    if (slot.flight !== flight) return GONE;
    // Somebody signed in or out here while it was read: that is newer.
    if (session.isPending) return undefined;
    session.take(sight);
    if (sight.document?.state !== 'signed-in' && !this.#isSignedOutSince(sight) && this.#parts.begin())
      return GONE;
    if (slot.flight !== flight) return GONE;
    if (isServed(wallet, slot, flight)) return { kind: 'served' };
    if (session.vault.store.readOnly === true) return this.#readOnly(sight);
    const lease = await this.#tryClaim(sight);
    // What is sent is what was claimed: meanwhile another login may have been taken over.
    const isOurs = lease?.refreshToken === wallet.refreshToken;
    if (lease && isOurs && slot.flight === flight) return { kind: 'lease', lease };
    if (lease) await this.settlement.release(lease);
    return slot.flight === flight ? undefined : GONE;
  }

  /** Whether the user has signed out since this client was made: what it was made with is from before that. */
  #isSignedOutSince({ document, now }: Sight): boolean {
    if (document?.state !== 'signed-out') return false;
    const made = now - (this.#parts.host.clock.monotonic() - this.#made);
    // Versions follow the store's clock, but for one that was set back.
    return document.version > made && document.version <= now;
  }

  async #tryClaim({ document, now, since }: Sight): Promise<Lease | undefined> {
    const { host } = this.#parts;
    const session = this.#session;
    const { vault } = session;
    if (document?.claim !== undefined && !(await this.#mayOverride(document.claim, now))) return undefined;
    const { owner } = vault.store;
    const id = `${++this.#count}-${Math.floor(host.random() * 2 ** 48).toString(36)}`;
    const claim: SessionClaim = { id, at: now, ...(owner !== undefined && { owner }) };
    const next = following(document, { ...this.#missing(document, now), claim }, now);
    // Until it is known to be ours nothing is sent: it may be overridden by us.
    this.#last = { id, isSettled: true };
    session.logins.claiming(next);
    if (!(await vault.swap(document, next))) return undefined;
    session.note(next);
    const lease = new Lease(id, next, host.clock, since);
    this.#last = lease;
    return lease;
  }

  /** What is at hand here and not in the store: it is empty, or has lost its content. */
  #missing(document: SessionDocument | undefined, now: number): Partial<SessionDocument> {
    const { wallet, state } = this.#parts;
    const session = this.#session;
    const isBare = wallet.refreshToken === undefined;
    // A refresh token at hand is of a login after a session that has ended.
    const isStored = document?.state === 'signed-in' || (isBare && hasSession(document));
    if (isStored || (isBare && state.user === undefined)) return {};
    const { token, ...parts } = wallet.stored(wallet.home, now);
    const tokens = token ? [token] : [];
    const is = state.snapshot.status === 'signed-in' ? 'signed-in' : 'none';
    const epoch = session.epochAfter(document, now);
    return { ...(parts as Partial<SessionDocument>), tokens, state: is, epoch };
  }

  async #mayOverride({ id, owner, at }: SessionClaim, now: number): Promise<boolean> {
    const { host } = this.#parts;
    const session = this.#session;
    if (id === this.#last?.id && this.#last.isSettled) return true;
    if (this.#sighted?.id !== id) this.#sighted = new Sighting(id, host.clock);
    const sighting = this.#sighted;
    if (owner !== undefined && (await session.vault.isGone(owner))) return true;
    return sighting.isOver(now - at);
  }

  #readOnly({ document }: Sight): Claimed {
    const { host } = this.#parts;
    if (document?.refreshToken === undefined) {
      const bare = document ?? following(undefined, {}, 0);
      return { kind: 'lease', lease: new Lease('read-only', bare, host.clock, moment(host.clock)) };
    }
    return { kind: 'failure', failure: temporary(readOnly()) };
  }
}
