import { EventType, InteractionType, type IPublicClientApplication } from '@azure/msal-browser';
import type { TokenSource } from 'fetch-valet';

// #region source
export function fromMsal(msal: IPublicClientApplication, scopes: string[]): TokenSource {
  return {
    async getToken({ forceRefresh }) {
      const account = msal.getActiveAccount();
      if (account === null) return null;
      const { accessToken, expiresOn } = await msal.acquireTokenSilent({ scopes, account, forceRefresh });
      return { accessToken, expiresAt: expiresOn };
    },
    subscribe(changed) {
      const news = [EventType.ACTIVE_ACCOUNT_CHANGED, EventType.ACQUIRE_TOKEN_SUCCESS];
      const id = msal.addEventCallback(({ interactionType }) => {
        if (interactionType !== InteractionType.Silent) changed();
      }, news);
      return () => {
        if (id !== null) msal.removeEventCallback(id);
      };
    },
    signOut: () => msal.logoutRedirect(),
  };
}
// #endregion
