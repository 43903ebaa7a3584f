/** A component that follows what the user may do. */
import { useClient } from 'fetch-valet/react';
import { type ReactNode, useCallback, useSyncExternalStore } from 'react';

// #region scopes
function useScope(scope: string): boolean {
  const client = useClient();
  const listen = useCallback(
    (changed: () => void) => {
      const stops = [
        client.on('refreshed', changed),
        client.on('adopted', changed),
        client.session.subscribe(changed),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
    [client],
  );
  return useSyncExternalStore(
    listen,
    () => client.session.hasScope(scope),
    () => false,
  );
}
// #endregion

export function Refund({ rendered }: { readonly rendered: () => void }): ReactNode {
  const mayRefund = useScope('orders:refund');
  rendered();
  return <p>{mayRefund ? 'Refund' : 'Ask somebody to refund'}</p>;
}
