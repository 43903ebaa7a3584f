/**
 * `fetch-valet/tanstack-query`: tells a `QueryClient` of TanStack Query whose data it holds.
 *
 * @module
 */
import { notifyManager, type Query, type QueryClient } from '@tanstack/react-query';
import type { Client } from './client.ts';
import { isOfUser } from './tanstack-query/is-of-user.ts';
import { watchMutations } from './tanstack-query/mutations.ts';
import { isSessionError, retryUnlessOver } from './tanstack-query/retry.ts';

/**
 * Binds a cache to a session. At a sign-out or a switch of user, what the user before was shown is dropped: at
 * once, also from components that stay, so that no frame shows it again; what is on the screen is then fetched
 * anew. What was under way is cancelled, and mutations call nobody back. Queries and mutations with
 * `meta: { public: true }` stay.
 *
 * Queries that nobody is signed in for are not tried again; they are at the next sign-in.
 *
 * @returns the function that unbinds
 * @throws `TypeError` where the arguments are the other way round, or TanStack Query is older than 5.40
 */
export function bindQueryClient(client: Client, queryClient: QueryClient): () => void {
  // Otherwise it would be found out at a switch of user, and nothing would be dropped.
  if (!('on' in client && 'setScheduler' in notifyManager))
    throw new TypeError('bindQueryClient() needs the client first, and TanStack Query 5.40.');
  const mutations = watchMutations(queryClient.getMutationCache());
  const offs = [
    mutations.off,
    retryUnlessOver(queryClient),
    client.on('userchange', ({ previous }) => {
      // Until now nobody was known, so this is nobody's: a page that a server rendered, or a request under way.
      if (previous === undefined) return;
      atOnce(() => {
        for (const query of usersQueries(queryClient)) blank(query);
        mutations.forget();
      });
      // By then components of the user before are gone, and those that stay have told what they want now.
      setTimeout(() => renew(queryClient));
    }),
    client.on('signedin', () => {
      void queryClient.invalidateQueries({ predicate: ({ state }) => isSessionError(state.error) });
    }),
  ];
  return () => {
    for (const off of offs) off();
  };
}

function usersQueries(queryClient: QueryClient): Query[] {
  return queryClient.getQueryCache().findAll({ predicate: isOfUser });
}

/** What is told in `change` is told before it returns: by default it would be in a task of its own, a frame later. */
function atOnce(change: () => void): void {
  notifyManager.setScheduler((tell) => tell());
  // Later: in a callback of mutate() the change is in a batch of TanStack Query's, and told at the end of that. A task
  // and no time is what TanStack Query does by itself.
  queueMicrotask(() => notifyManager.setScheduler((tell) => setTimeout(tell, 0)));
  notifyManager.batch(change);
}

function blank(query: Query): void {
  // It may be data of the user before, and would be shown for want of other.
  for (const observer of query.observers)
    observer.setOptions({ ...observer.options, placeholderData: undefined });
  query.reset();
  // A reset brings initial data back.
  query.setState({ data: undefined, status: 'pending' });
}

function renew(queryClient: QueryClient): void {
  const isBlank = ({ state }: Query): boolean => state.data === undefined && state.fetchStatus === 'idle';
  const predicate = (query: Query): boolean => isOfUser(query) && isBlank(query);
  queryClient.removeQueries({ predicate, type: 'inactive' });
  void queryClient.refetchQueries({ predicate, type: 'active' });
}
