/** Who the hooks say is there. Nothing here runs. */
import type { QueryClient } from '@tanstack/react-query';
import { useUser as useRegisteredUser } from 'fetch-valet/react';
import { type ReactNode, Suspense } from 'react';
import { expectTypeOf } from 'vitest';
import type { Client, SessionSnapshot, SessionUser, StandaloneFetch } from '../../src/index.ts';
import {
  ClientProvider,
  createClientContext,
  Session,
  useClient,
  useSession,
  useUser,
} from '../../src/react.ts';
import { bindQueryClient } from '../../src/tanstack-query.ts';

interface Member {
  readonly id: string;
  readonly name: string;
}

declare const api: Client<Member>;
declare const queryClient: QueryClient;

const members = createClientContext<typeof api>();

export function Members(): ReactNode {
  expectTypeOf(members.useClient()).toEqualTypeOf<Client<Member>>();
  expectTypeOf(members.useUser()).toEqualTypeOf<Member>();
  expectTypeOf(members.useSession()).toEqualTypeOf<SessionSnapshot<Member>>();
  const snapshot = members.useSession();
  if (snapshot.status === 'ended') return `${snapshot.user.name}: ${snapshot.error.message}`;
  // @ts-expect-error nobody is there yet
  void snapshot.user;
  return null;
}

/** Where no client is registered, any may be there. */
export function Unregistered(): ReactNode {
  expectTypeOf(useClient()).toEqualTypeOf<Client>();
  expectTypeOf(useUser()).toEqualTypeOf<SessionUser>();
  expectTypeOf(useSession()).toEqualTypeOf<SessionSnapshot>();
  return null;
}

/** `examples/react/app.tsx` registers its client with the package. */
export function Registered(): ReactNode {
  expectTypeOf(useRegisteredUser()).toEqualTypeOf<{ id: string; name: string }>();
  return null;
}

/** Without ky: what `createFetch()` gives has a session, too. */
const alone = createClientContext<StandaloneFetch<Member>>();

export function Alone(): ReactNode {
  expectTypeOf(alone.useClient()).toEqualTypeOf<StandaloneFetch<Member>>();
  expectTypeOf(alone.useUser()).toEqualTypeOf<Member>();
  return null;
}

export const trees: readonly ReactNode[] = [
  <ClientProvider key="1" client={api}>
    <Session loading="…" signedOut={<p>Log in</p>} ended={(error) => error.message}>
      <Suspense>{[<Members key="1" />]}</Suspense>
    </Session>
  </ClientProvider>,
  <Session key="2" ended={null} />,
  // @ts-expect-error a provider has a client
  <ClientProvider key="3" />,
  // @ts-expect-error not of another user
  <members.ClientProvider key="4" client={api as Client} />,
  // @ts-expect-error there is no such part
  <Session key="5" expired={<p>again</p>} />,
];

expectTypeOf(bindQueryClient(api, queryClient)).toEqualTypeOf<() => void>();
// @ts-expect-error a context is made for something that has a session
createClientContext<QueryClient>();
