import type { TokenSource } from 'fetch-valet';
import type Keycloak from 'keycloak-js';

// #region source
export function fromKeycloak(keycloak: Keycloak): TokenSource {
  return {
    async getToken({ forceRefresh }) {
      if (!keycloak.authenticated) return null;
      await keycloak.updateToken(forceRefresh ? -1 : 60);
      return keycloak.token ?? null;
    },
    subscribe(changed) {
      keycloak.onAuthSuccess = changed;
      keycloak.onAuthLogout = changed;
      return () => {
        delete keycloak.onAuthSuccess;
        delete keycloak.onAuthLogout;
      };
    },
    signOut: () => keycloak.logout(),
  };
}
// #endregion
