/**
 * `fetch-valet/testing/react`: components under test, with somebody signed in.
 *
 * @module
 */
'use client';

import { createElement, type ReactNode, useEffect, useRef, useState } from 'react';
import type { Client } from './client.ts';
import type { SessionUser } from './contracts.ts';
import { invalidOption } from './options.ts';
import { ClientProvider } from './react.ts';
import { createTestClient, type TestClient, type TestClientOptions } from './test-client.ts';
import { givenUser } from './testing/first-snapshot.ts';

export type { TestClient, TestClientOptions } from './test-client.ts';

export interface TestSessionProps<User extends SessionUser = SessionUser> extends TestClientOptions<User> {
  /** A client that the test has made, to see and steer what happens. In place of all other props. */
  readonly client?: TestClient<User> | undefined;
  /** The `ClientProvider` that `createClientContext()` made, where the components use that. */
  readonly provider?:
    | ((props: { readonly client: never; readonly children?: ReactNode }) => ReactNode)
    | undefined;
  readonly children?: ReactNode;
}

/**
 * Renders `children` with a test client: `<TestSession user={{ id: 'ada' }} responses={{ … }}>`. The props are those
 * of `createTestClient()`, read when it is mounted. With another `user` in a later render that one signs in, and with
 * `null` the user signs out. For anything else that changes give it another `key`.
 */
export function TestSession<User extends SessionUser = SessionUser>({
  client,
  provider = ClientProvider,
  children,
  ...options
}: TestSessionProps<User>): ReactNode {
  const [made] = useState(() => client ?? createTestClient(options));
  useFollowed(made, givenUser(options.user));
  const [extra] = Object.keys(options);
  if (client !== undefined && extra !== undefined)
    throw invalidOption(`<TestSession> takes client, or ${extra}: give ${extra} to createTestClient().`);
  const Provider = provider as (props: {
    readonly client: Client;
    readonly children?: ReactNode;
  }) => ReactNode;
  return createElement(Provider, { client: client ?? (made as unknown as Client) }, children);
}

/** Signs in who comes with a later render. The same user as before is left as they are, whatever became of them. */
function useFollowed<User extends SessionUser>(client: TestClient<User>, user: User | null): void {
  const followed = useRef(user);
  useEffect(() => {
    if (followed.current?.id === user?.id) return;
    followed.current = user;
    void (user === null ? client.signOut() : client.signInAs(user));
  });
}
