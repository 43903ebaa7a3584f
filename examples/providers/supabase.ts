import { isAuthSessionMissingError, type SupabaseClient } from '@supabase/supabase-js';
import type { TokenSource } from 'fetch-valet';

// #region source
export function fromSupabase({ auth }: Pick<SupabaseClient, 'auth'>): TokenSource {
  return {
    async getToken({ forceRefresh }) {
      const { data, error } = await (forceRefresh ? auth.refreshSession() : auth.getSession());
      if (error && !isAuthSessionMissingError(error)) throw error;
      return data.session?.access_token ?? null;
    },
    subscribe(changed) {
      const { data } = auth.onAuthStateChange((event) => {
        if (event === 'SIGNED_IN' || event === 'SIGNED_OUT') changed();
      });
      return () => data.subscription.unsubscribe();
    },
    async signOut() {
      const { error } = await auth.signOut({ scope: 'local' });
      if (error) throw error;
    },
  };
}
// #endregion
