import type { Clerk } from '@clerk/shared/types';
import type { TokenSource } from 'fetch-valet';

// #region source
export function fromClerk(clerk: Pick<Clerk, 'session' | 'user' | 'addListener' | 'signOut'>): TokenSource {
  return {
    getToken: ({ forceRefresh }) => clerk.session?.getToken({ skipCache: forceRefresh }) ?? null,
    subscribe(changed) {
      let known = clerk.user?.id;
      return clerk.addListener(({ user }) => {
        if (user?.id === known) return;
        known = user?.id;
        changed();
      });
    },
    signOut: () => clerk.signOut(),
  };
}
// #endregion
