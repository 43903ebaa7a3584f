import { expect, test } from 'vitest';
import { accessToken, Client } from '../../src/index.ts';
import { createTabPlace } from '../../src/testing/tab-stores.ts';
import {
  createAuthServer,
  createClock,
  createTabs,
  createTestClient,
  createTestFetch,
} from '../../src/testing.ts';
import { describeTokenStore, documentOf } from '../contracts/token-store.ts';
import { settle } from '../support/clock.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createDeferred } from '../support/token-valet.ts';

describeTokenStore(
  'the store of tabs',
  () => {
    const place = createTabPlace({ now: () => Date.now() });
    return { open: () => place.open().store };
  },
  { tells: true, proves: true },
);

interface Person {
  readonly id: string;
  readonly name?: string;
}

const ada = { id: 'ada', name: 'Ada' };

function openTabs<const Count extends number>(count: Count) {
  const clock = createClock();
  const server = createAuthServer({ clock });
  const opened = createTabs(
    count,
    ({ store, index }) =>
      createTestClient<Person>({
        server,
        store,
        user: index === 0 ? ada : null,
        responses: { '*': {} },
      }),
    { clock },
  );
  return { ...opened, server };
}

test('the first tab signs in, the second one finds the session, and one of them refreshes', async () => {
  const { tabs, clock, server } = openTabs(2);
  const [one, two] = tabs;
  await one.get('orders');
  await two.get('orders');
  expect(two.session.snapshot).toEqual({ status: 'signed-in', user: ada });
  expect(two.requests[0]?.authorization).toBe(one.requests[0]?.authorization);
  one.expireToken();
  const answers = Promise.all(tabs.flatMap((tab) => [tab.get('orders'), tab.get('orders')]));
  await clock.advance(5000);
  await answers;
  expect([server.refreshes, server.reuses]).toEqual([1, 0]);
});

test('a tab does not say that nobody is signed in before it has looked', async () => {
  const {
    tabs: [one, two],
  } = openTabs(2);
  await one.session.ready;
  expect(two.session.snapshot).toEqual({ status: 'loading' });
  expect(await two.session.ready).toEqual({ status: 'signed-in', user: ada });
});

test('a user who signs in in one tab is the same with all their fields in the others', async () => {
  const { tabs, clock, server } = openTabs(3);
  const [one, two, three] = tabs;
  for (const { session } of tabs) await session.ready;
  expect(two.session.snapshot).toEqual({ status: 'signed-in', user: ada });

  const bob = { id: 'bob', name: 'Bob' };
  await two.signInAs(bob);
  await clock.advance(0);
  const snapshots = [one, three].map(({ session }) => session.snapshot);
  expect(snapshots).toEqual(Array(2).fill({ status: 'signed-in', user: bob }));

  const cyd = { id: 'cyd', name: 'Cyd' };
  await three.session.signIn(server.login(cyd));
  await clock.advance(0);
  expect(one.session.snapshot).toEqual({ status: 'signed-in', user: cyd });
});

test('a sign-out in one tab is one in the other', async () => {
  const {
    tabs: [one, two],
    clock,
  } = openTabs(2);
  await one.get('orders');
  await two.get('orders');
  await one.signOut();
  await clock.advance(0);
  expect(two.session.snapshot).toEqual({ status: 'signed-out' });
});

test('a tab that crashes in the middle of a refresh is found dead, and another one refreshes', async () => {
  const clock = createClock();
  const server = createAuthServer({ clock });
  const asked = createDeferred<null>();
  let hung = 0;
  const {
    tabs: [doomed, other],
    crash,
  } = createTabs(
    2,
    ({ store, index }) => {
      const provider: typeof server.provider = (context) => {
        if (index === 1 || context.refreshToken === undefined) return server.provider(context);
        hung++;
        return asked.promise;
      };
      return new Client(accessToken(provider, { store }), {
        baseUrl: 'https://api.test',
        runtime: { clock, fetch: createTestFetch({ '*': {} }) },
      });
    },
    { clock },
  );
  await doomed.session.signIn(server.login(ada));
  await other.fetch('/');
  clock.sleep(server.ttl);
  void doomed.fetch('/').catch(() => {});
  await clock.advance(100);
  expect(hung).toBe(1);
  crash(doomed);
  const answer = other.fetch('/');
  await clock.advance(5000);
  expect((await answer).status).toBe(200);
  expect(server.refreshes).toBe(1);
});

test('nothing that a dead tab does reaches the others', async () => {
  const {
    tabs: [one, two],
    clock,
    crash,
  } = openTabs(2);
  await one.get('orders');
  await two.get('orders');
  crash(one);
  // Nobody is there to hear what comes of it.
  one.signInAs({ id: 'bob' }).catch(() => {});
  await clock.advance(1000);
  expect(two.session.snapshot).toEqual({ status: 'signed-in', user: ada });
  expect((await two.get('orders')).status).toBe(200);
});

test('a dead tab stores nothing', async () => {
  const place = createTabPlace(createClock());
  const [dead, other] = [place.open(), place.open()];
  await dead.store.swap(undefined, documentOf());
  dead.crash();
  const swap = async (): Promise<unknown> =>
    dead.store.swap(documentOf(), documentOf({ version: documentOf().version + 1 }));
  swap().catch(() => {});
  await settle();
  expect(await other.store.read()).toEqual(documentOf());
});

test('a number that is none, or no way to open a tab, is refused', async () => {
  for (const run of [() => createTabs(0, () => 1), () => createTabs(1, undefined as never)])
    expect((await valetErrorOf(run)).code).toBe('INVALID_OPTION');
  const { crash } = createTabs(1, () => ({}));
  expect((await valetErrorOf(() => crash({}))).message).toContain('one of the tabs');
});
