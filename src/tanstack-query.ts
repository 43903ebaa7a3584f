/**
 * `fetch-valet/tanstack-query`: tells a `QueryClient` of TanStack Query whose data it holds.
 *
 * @module
 */
import type { QueryClient } from '@tanstack/react-query';
import type { Client } from './client.ts';

/** What has `meta: { public: true }` belongs to nobody. */
interface Tagged {
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}

const isOfUser = ({ meta }: Tagged): boolean => meta?.public !== true;

const isSessionError = (error: unknown): boolean => (error as Error | null)?.name === 'SessionError';

/**
 * Binds a cache to a session: at a sign-out or a switch of user, what was fetched for the user before is dropped at
 * once, also where it is on the screen. Queries and mutations with `meta: { public: true }` stay.
 *
 * @returns the function that unbinds
 */
export function bindQueryClient(client: Client, queryClient: QueryClient): () => void {
  const mutations = queryClient.getMutationCache();
  const offs = [
    client.on('userchange', ({ previous }) => {
      if (previous === undefined) return;
      void queryClient.cancelQueries({ predicate: isOfUser }, { silent: true });
      void queryClient.resetQueries({ predicate: isOfUser });
      queryClient.removeQueries({ predicate: isOfUser, type: 'inactive' });
      mutations.clear();
    }),
    client.on('signedin', () => {
      void queryClient.invalidateQueries({ predicate: ({ state }) => isSessionError(state.error) });
    }),
  ];
  return () => {
    for (const off of offs) off();
  };
}
