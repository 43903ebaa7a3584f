/**
 * `fetch-valet/testing/react`: components under test, with somebody signed in.
 *
 * @module
 */
'use client';

import { createElement, type ReactNode, useState } from 'react';
import type { Client } from './client.ts';
import type { SessionUser } from './contracts.ts';
import { invalidOption } from './options.ts';
import { ClientProvider } from './react.ts';
import { createTestClient, type TestClient, type TestClientOptions } from './test-client.ts';

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
 * of `createTestClient()`, read when it is mounted.
 */
export function TestSession<User extends SessionUser = SessionUser>({
  client,
  provider = ClientProvider,
  children,
  ...options
}: TestSessionProps<User>): ReactNode {
  const [made] = useState(() => client ?? createTestClient(options));
  const [extra] = Object.keys(options);
  if (client !== undefined && extra !== undefined)
    throw invalidOption(`<TestSession> takes client, or ${extra}: give ${extra} to createTestClient().`);
  const Provider = provider as (props: {
    readonly client: Client;
    readonly children?: ReactNode;
  }) => ReactNode;
  return createElement(Provider, { client: client ?? (made as unknown as Client) }, children);
}
