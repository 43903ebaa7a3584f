import { createContext, createElement, type ReactNode, useContext } from 'react';
import type { Session, SessionSnapshot, SessionUser } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { type SessionProps, sessionView } from './session-view.ts';
import { useSnapshot } from './snapshot.ts';
import { readUser } from './user.ts';

/** What the components and hooks need of a client. */
export interface SessionOwner {
  readonly session: Session;
}

/** The user of a client: what the option `user` of `accessToken()` makes, or one of whom the id is known. */
export type UserOf<C extends SessionOwner> = C extends { readonly session: Session<infer User> }
  ? User
  : SessionUser;

/** Props of `ClientProvider`. */
export interface ClientProviderProps<C extends SessionOwner> {
  /** Made once, outside of React. */
  readonly client: C;
  readonly children?: ReactNode;
}

/** The components and hooks of one client. */
export interface ClientContext<C extends SessionOwner> {
  readonly ClientProvider: (props: ClientProviderProps<C>) => ReactNode;
  readonly useClient: () => C;
  readonly useSession: () => SessionSnapshot<UserOf<C>>;
  readonly useUser: () => UserOf<C>;
  readonly Session: (props: SessionProps) => ReactNode;
}

/**
 * Components and hooks of their own, for a second client in the same tree. They are typed after `C`, and know
 * nothing of the ones that this module exports.
 *
 * @example
 * export const billing = createClientContext<typeof billingApi>();
 */
export function createClientContext<C extends SessionOwner>(): ClientContext<C> {
  const Context = createContext<C | undefined>(undefined);
  const useClient = (): C => {
    const client = useContext(Context);
    if (client === undefined) throw noProvider();
    return client;
  };
  const useOwnSession = (): Session<UserOf<C>> => useClient().session as Session<UserOf<C>>;
  const useSession = (): SessionSnapshot<UserOf<C>> => useSnapshot(useOwnSession());
  return {
    ClientProvider: ({ client, children }) => createElement(Context.Provider, { value: client }, children),
    useClient,
    useSession,
    useUser: () => readUser(useSession(), useOwnSession()),
    Session: (props) => sessionView(useSession(), props),
  };
}

function noProvider(): ConfigError {
  return new ConfigError('NO_PROVIDER', {
    message:
      'There is no client here. Put <ClientProvider client={api}> around this component, with a client that is not ' +
      'undefined. What createClientContext() made has a ClientProvider of its own.',
  });
}
