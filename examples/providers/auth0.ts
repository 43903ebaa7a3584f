import type { Auth0Client } from '@auth0/auth0-spa-js';
import type { TokenSource } from 'fetch-valet';

// #region source
export function fromAuth0(auth0: Pick<Auth0Client, 'getTokenSilently' | 'logout'>): TokenSource {
  return {
    async getToken({ forceRefresh }) {
      return (await auth0.getTokenSilently({ cacheMode: forceRefresh ? 'off' : 'on' })) ?? null;
    },
    signOut: () => auth0.logout({ openUrl: false }),
  };
}
// #endregion
