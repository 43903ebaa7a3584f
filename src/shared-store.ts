import type { SessionUser, SharedStore, TokenStore } from './contracts.ts';
import { invalidOption } from './options.ts';
import { Leaseholder } from './token/leaseholder.ts';
import { SharedSession } from './token/shared-session.ts';
import type { Share, Sharing, SharingParts } from './token/sharing.ts';

/**
 * Makes a store of your own one that `accessToken()` takes: what you write keeps a document, and this shares a
 * session through it (rule T14). The stores of fetch-valet are such stores already.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function sharedStore(store: TokenStore): SharedStore {
  const given: Partial<TokenStore> = store ?? {};
  if (![given.read, given.swap, given.now].every((method) => typeof method === 'function'))
    throw invalidOption('sharedStore() takes an object with read(), swap() and now().');
  const share: Share = <User extends SessionUser>(parts: SharingParts<User>): Sharing => {
    const session = new SharedSession(parts, store);
    const leases = new Leaseholder(parts, session);
    return {
      get isDue() {
        return session.isDue;
      },
      get isPending() {
        return session.isPending;
      },
      look: () => session.look(),
      lookAside: () => session.lookAside(),
      claim: (slot, flight) => leases.claim(slot, flight),
      appeal: (...refused) => leases.settlement.appeal(...refused),
      settle: (...done) => leases.settlement.settle(...done),
      release: (lease) => leases.settlement.release(lease),
      signedIn: (...signedIn) => session.signedIn(...signedIn),
      signedOut: () => session.signedOut(),
    };
  };
  return { store, share };
}
