/**
 * `fetch-valet/react`: who is signed in, for React 18 and 19. Data is for a query library, on top of
 * `client.fetch` or the verbs.
 *
 * @module
 */
'use client';

import type { ReactNode } from 'react';
import type { Client } from './client.ts';
import type { SessionSnapshot } from './contracts.ts';
import {
  type ClientContext,
  type ClientProviderProps,
  createClientContext,
  type SessionOwner,
  type UserOf,
} from './react/context.ts';
import type { SessionProps } from './react/session-view.ts';

/**
 * Where an app says which client is its own: `useClient()` and `useUser()` are then typed without generics.
 *
 * @example
 * declare module 'fetch-valet/react' {
 *   interface Register { client: typeof api }
 * }
 */
export interface Register {}

/** The client that {@link Register} names, or any. */
export type RegisteredClient = Register extends { readonly client: infer C extends SessionOwner }
  ? C
  : Client;

/** The user of {@link RegisteredClient}. */
export type RegisteredUser = UserOf<RegisteredClient>;

const context: ClientContext<RegisteredClient> = /* @__PURE__ */ createClientContext<RegisteredClient>();

/** Hands `client` to the components and hooks below it. It asks nobody and starts nothing. */
export const ClientProvider: (props: ClientProviderProps<RegisteredClient>) => ReactNode =
  context.ClientProvider;

/**
 * Gets the client of the nearest `ClientProvider`: the same object at every render.
 *
 * @throws `ConfigError` `NO_PROVIDER`
 */
export const useClient: () => RegisteredClient = context.useClient;

/**
 * Gets who is signed in, to switch over `status`. Renders again when the status or the user changes, never for a
 * refresh; never suspends. On a server and until the page is hydrated it is `loading`.
 *
 * @throws `ConfigError` `NO_PROVIDER`
 */
export const useSession: () => SessionSnapshot<RegisteredUser> = context.useSession;

/**
 * Gets the user. Suspends until it is known whether there is one.
 *
 * @throws `SessionError` `SIGNED_OUT`, to the nearest error boundary; `ConfigError` `NO_PROVIDER`
 */
export const useUser: () => RegisteredUser = context.useUser;

/** Shows its children to whoever is signed in, mounted anew for each user. */
export const Session: (props: SessionProps) => ReactNode = context.Session;

export { type ClientContext, type ClientProviderProps, createClientContext } from './react/context.ts';
export type { SessionOwner, SessionProps, UserOf };
