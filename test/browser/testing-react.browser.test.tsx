import { type ReactNode, StrictMode, Suspense, useEffect, useState } from 'react';
import { expect, test } from 'vitest';
import type { Client } from '../../src/index.ts';
import { createClientContext, Session, useClient, useSession, useUser } from '../../src/react.ts';
import { createTestClient } from '../../src/testing.ts';
import { TestSession } from '../../src/testing-react.ts';
import { Boundary, painted, stage } from './stage.tsx';

interface Member {
  readonly id: string;
  readonly name: string;
}

const ada: Member = { id: 'ada', name: 'Ada' };

function Hello(): ReactNode {
  return <p>Hello, {(useUser() as Member).name}</p>;
}

function Orders(): ReactNode {
  const client = useClient();
  const [text, setText] = useState('…');
  useEffect(() => {
    client
      .get<string[]>('orders')
      .json()
      .then(
        (orders) => setText(orders.join(', ')),
        ({ code }: { code: string }) => setText(code),
      );
  }, [client]);
  return <p>{text}</p>;
}

const page = (
  <Session loading={<p>loading</p>} signedOut={<p>log in</p>} ended={<p>log in again</p>}>
    <Hello />
  </Session>
);

test('a component is shown to the user that is given, from the first render on', async () => {
  const seen: string[] = [];
  function Watch(): ReactNode {
    seen.push(useSession().status);
    return page;
  }
  const { shows } = stage(
    <TestSession user={ada}>
      <Watch />
    </TestSession>,
  );
  await shows('Hello, Ada');
  expect(seen[0]).toBe('signed-in');
});

test.each([
  [{ user: null }, 'log in'],
  [{ status: 'signed-out' as const }, 'log in'],
  [{ status: 'loading' as const }, 'loading'],
  [{ status: 'ended' as const, user: ada }, 'Hello, Ada | log in again'],
])('with %j the page says %s, first and last', async (options, expected) => {
  const seen = new Set<string>();
  function Watch(): ReactNode {
    seen.add(useSession().status);
    return page;
  }
  const { shows } = stage(
    <TestSession {...options}>
      <Watch />
    </TestSession>,
  );
  await shows(expected);
  await painted();
  await shows(expected);
  expect(seen.size).toBe(1);
});

test('its requests are answered, and a client that the test made tells of them and steers it', async () => {
  const client = createTestClient({ user: ada, responses: { 'GET /orders': ['tea', 'coffee'] } });
  const { shows } = stage(
    <StrictMode>
      <TestSession client={client}>
        {page}
        <Orders />
      </TestSession>
    </StrictMode>,
  );
  await shows('Hello, Ada | tea, coffee');
  expect(client.requests[0]?.url).toBe('https://api.test/orders');
  await client.endSession();
  await shows('Hello, Ada | log in again | tea, coffee');
  await client.signInAs({ id: 'bob', name: 'Bob' });
  await shows('Hello, Bob | tea, coffee');
  await client.signOut();
  await shows('log in | tea, coffee');
});

test('it stays the same client when it renders again', async () => {
  const clients = new Set<unknown>();
  function Watch(): ReactNode {
    clients.add(useClient());
    return <Orders />;
  }
  const element = (orders: string[]): ReactNode => (
    <TestSession responses={{ 'GET /orders': orders }}>
      <Watch />
    </TestSession>
  );
  const { shows, render } = stage(element(['tea']));
  await shows('tea');
  render(element(['coffee']));
  await painted();
  await shows('tea');
  expect(clients.size).toBe(1);
});

test('another user in a later render signs in, null signs out, and the same one changes nothing', async () => {
  const seen: string[] = [];
  function Watch(): ReactNode {
    const client = useClient();
    useEffect(() => client.on('userchange', ({ user }) => seen.push(user?.id ?? 'nobody')), [client]);
    return page;
  }
  const element = (user: Member | null): ReactNode => (
    <StrictMode>
      <TestSession user={user}>
        <Watch />
      </TestSession>
    </StrictMode>
  );
  const { shows, render } = stage(element(ada));
  await shows('Hello, Ada');
  render(element({ ...ada }));
  render(element({ id: 'bob', name: 'Bob' }));
  await shows('Hello, Bob');
  render(element(null));
  await shows('log in');
  render(element(ada));
  await shows('Hello, Ada');
  expect(seen).toEqual(['bob', 'nobody', 'ada']);
});

test('who is signed in unless said otherwise is signed out with null, and back without', async () => {
  const Id = (): ReactNode => <p>{useUser().id}</p>;
  const element = (options: { user?: null }): ReactNode => (
    <TestSession {...options}>
      <Session signedOut={<p>log in</p>}>
        <Id />
      </Session>
    </TestSession>
  );
  const { shows, render } = stage(element({}));
  await shows('test-user');
  render(element({ user: null }));
  await shows('log in');
  render(element({}));
  await shows('test-user');
});

test('a user who signed out in the page is not signed in by a render', async () => {
  const Out = (): ReactNode => {
    const client = useClient();
    useEffect(() => void client.signOut(), [client]);
    return page;
  };
  const element = (key: number): ReactNode => (
    <TestSession user={{ ...ada }}>
      <Out key={0} />
      <p>{key}</p>
    </TestSession>
  );
  const { shows, render } = stage(element(1));
  await shows('log in | 1');
  render(element(2));
  await shows('log in | 2');
});

test('components of a context of their own are given its provider', async () => {
  const members = createClientContext<Client<Member>>();
  const Name = (): ReactNode => <p>{members.useUser().name}</p>;
  const { shows } = stage(
    <TestSession user={ada} provider={members.ClientProvider}>
      <Name />
    </TestSession>,
  );
  await shows('Ada');
});

test('a client beside options is refused: one of them would be ignored', async () => {
  const { shows } = stage(
    <Boundary>
      <Suspense>
        <TestSession client={createTestClient()} user={null} />
      </Suspense>
    </Boundary>,
  );
  await shows('INVALID_OPTION');
});
