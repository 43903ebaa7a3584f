import {
  keepPreviousData,
  QueryClient,
  QueryClientProvider,
  useInfiniteQuery,
  useMutation,
  useMutationState,
  useQuery,
  useSuspenseQuery,
} from '@tanstack/react-query';
import { type ReactNode, StrictMode, Suspense, useState } from 'react';
import { expect, onTestFinished, test } from 'vitest';
import { type Client, SessionError } from '../../src/index.ts';
import { createClientContext } from '../../src/react.ts';
import { bindQueryClient } from '../../src/tanstack-query.ts';
import { ANN, BEN, type Member, memberClient } from '../support/members.ts';
import { rightAfter, watchFrames } from './frames.ts';
import { createRoom, type Room } from './room.ts';
import { becomes, painted, type Stage, stage } from './stage.tsx';

const members = createClientContext<Client<Member>>();

interface App {
  readonly client: Client<Member>;
  readonly queryClient: QueryClient;
  readonly room: Room;
  readonly page: Stage;
  /** Each frame so far, as a user read it. */
  readonly frames: string[];
}

interface Options {
  readonly bind?: (client: Client<Member>, queryClient: QueryClient) => () => void;
  readonly provider?: () => never;
}

function start(children: ReactNode, { bind = bindQueryClient, provider }: Options = {}): App {
  const room = createRoom();
  const over = (): never => {
    throw new SessionError('SESSION_ENDED');
  };
  const client = memberClient(provider ?? over, { baseUrl: room.api }, { initial: ANN });
  const queryClient = new QueryClient({ defaultOptions: { queries: { retryDelay: 0 } } });
  onTestFinished(bind(client, queryClient));
  const page = stage(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <members.ClientProvider client={client}>{children}</members.ClientProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
  return { client, queryClient, room, page, frames: watchFrames(page) };
}

/** React listens some time after it has painted. */
async function isListening({ queryClient }: App): Promise<void> {
  const cache = queryClient.getQueryCache();
  await expect.poll(() => cache.getAll().every(({ observers }) => observers.length > 0)).toBe(true);
}

const changes = {
  'a switch of user': ({ client }: App) => client.session.signIn(BEN),
  'a sign-out': ({ client }: App) => client.signOut(),
} as const;

/** Who asks, as the server sees it. */
function useMe(): { readonly name: string } | undefined {
  const client = members.useClient();
  const { data } = useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => client.get('me', { signal }).json<{ name: string }>(),
  });
  return data;
}

const Me = (): ReactNode => <p>{useMe()?.name ?? 'no data'}</p>;

function Gated(): ReactNode {
  return (
    <members.Session signedOut={<p>signed out</p>}>
      <Me />
    </members.Session>
  );
}

const places = { 'in a Session': Gated, 'outside of any Session': Me } as const;

const cases = Object.entries(places).flatMap(([place, Part]) =>
  Object.entries(changes).map(([name, change]) => ({ place, Part, name, change })),
);

test.each(cases)('data $place is off the screen right after $name', async ({ Part, change }) => {
  const app = start(<Part />);
  await app.page.shows('ann');
  const next = await rightAfter(app, () => change(app));
  expect(next).not.toContain('ann');
  await painted();
  await painted();
  expect(app.frames.length).toBeGreaterThan(1);
  expect(app.frames.filter((frame) => frame.includes('ann'))).toEqual([]);
});

test.each(Object.entries(places))('data %s is fetched anew for the next user, once', async (_, Part) => {
  const app = start(<Part />);
  await app.page.shows('ann');
  await app.client.session.signIn(BEN);
  await app.page.shows('ben');
  await painted();
  const asked = (await app.room.seen('api')).map(({ headers }) => headers.authorization);
  expect(asked).toEqual(['Bearer token-of-ann-0123456789', 'Bearer token-of-ben-0123456789']);
});

test('what is cleared by queryClient.clear() alone stays on the screen: the watch sees it', async () => {
  const bind = (client: Client<Member>, queryClient: QueryClient): (() => void) =>
    client.on('userchange', () => queryClient.clear());
  const app = start(<Me />, { bind });
  await app.page.shows('ann');
  expect(await rightAfter(app, () => app.client.session.signIn(BEN))).toBe('ann');
  await painted();
  await painted();
  expect(new Set(app.frames)).toEqual(new Set(['ann']));
});

test('after a sign-out nothing is sent, and what is on the screen says that nobody is signed in', async () => {
  function Told(): ReactNode {
    const client = members.useClient();
    const { data, error } = useQuery<string, Error>({
      queryKey: ['me'],
      queryFn: () => client.get('me').text(),
    });
    return <p>{error?.name ?? data ?? 'no data'}</p>;
  }
  const app = start(<Told />);
  await app.page.shows('{"name":"ann"}');
  await app.client.signOut();
  await app.page.shows('SessionError');
  expect(await app.room.seen('api')).toHaveLength(1);

  await app.client.session.signIn(BEN);
  await app.page.shows('{"name":"ben"}');
  expect(await app.room.seen('api')).toHaveLength(2);
});

/** An app that shows what it had when its session ended. */
async function startEnded(): Promise<App> {
  const app = start(
    <members.Session ended={<p>please sign in again</p>}>
      <Me />
    </members.Session>,
  );
  await app.page.shows('ann');
  await app.client.session.refresh().catch(() => {});
  await app.page.shows('ann | please sign in again');
  return app;
}

test('a session that ends keeps what is on the screen, and the next user does not see it', async () => {
  const app = await startEnded();
  const next = await rightAfter(app, () => app.client.session.signIn(BEN));
  expect(next).not.toContain('ann');
  await app.page.shows('ben');
  expect(app.frames.filter((frame) => frame.includes('ann'))).toEqual([]);
});

test('the same user’s return keeps what is on the screen, and fetches nothing that did not fail', async () => {
  const app = await startEnded();
  await app.client.session.signIn(ANN);
  await app.page.shows('ann');
  await painted();
  expect(await app.room.seen('api')).toHaveLength(1);
});

/** Names of users as they come along: no client sees to it that they are dropped. */
function useNames(): (page: number) => Promise<string> {
  const client = members.useClient();
  return async (page) => {
    const { snapshot } = client.session;
    return `${'user' in snapshot ? snapshot.user.id : 'nobody'}${page}`;
  };
}

function Suspended(): ReactNode {
  const names = useNames();
  return <p>{useSuspenseQuery({ queryKey: ['name'], queryFn: () => names(1) }).data}</p>;
}

function Infinite(): ReactNode {
  const names = useNames();
  const { data } = useInfiniteQuery({
    queryKey: ['names'],
    queryFn: ({ pageParam }) => names(pageParam),
    initialPageParam: 1,
    getNextPageParam: (_, pages) => pages.length + 1,
  });
  return <p>{data?.pages.join() ?? 'no data'}</p>;
}

function Selected(): ReactNode {
  const names = useNames();
  const { data } = useQuery({ queryKey: ['name'], queryFn: () => names(1), select: (name) => [name] });
  return <p>{data?.[0] ?? 'no data'}</p>;
}

/** The second page never comes: the first one is shown meanwhile. */
function Placeholder(): ReactNode {
  const names = useNames();
  const [page, setPage] = useState(1);
  const { data, isPlaceholderData } = useQuery({
    queryKey: ['name', page],
    queryFn: () => (page === 1 ? names(1) : new Promise<string>(() => {})),
    placeholderData: keepPreviousData,
  });
  return (
    <button type="button" onClick={() => setPage(2)}>
      {data ?? 'no data'} {isPlaceholderData ? 'meanwhile' : ''}
    </button>
  );
}

/** As a component that was given data of the user by whoever rendered it. */
function Initial(): ReactNode {
  const names = useNames();
  const { user } = members.useSession() as { user?: Member };
  const { data } = useQuery({
    queryKey: ['name'],
    queryFn: () => names(1),
    staleTime: Number.POSITIVE_INFINITY,
    ...(user && { initialData: `${user.id}1` }),
  });
  return <p>{data ?? 'no data'}</p>;
}

function Mutated(): ReactNode {
  const names = useNames();
  const { mutate, data, variables } = useMutation<string, Error, string>({ mutationFn: () => names(1) });
  const all = useMutationState({ select: ({ state }) => String(state.variables) });
  return (
    <button type="button" onClick={() => mutate('by ann')}>
      {data} {variables} {all.join()}
    </button>
  );
}

const whole = (Part: () => ReactNode): ReactNode => (
  <Suspense fallback={<p>suspended</p>}>
    <Part />
  </Suspense>
);

test.each([
  ['a suspense query', Suspended, 'ann1'],
  ['an infinite query', Infinite, 'ann1'],
  ['selected data', Selected, 'ann1'],
  ['initial data', Initial, 'ann1'],
] as const)('%s outside of any Session is off the screen right after a switch', async (_, Part, shown) => {
  const app = start(whole(Part));
  await app.page.shows(shown);
  await isListening(app);
  expect(await rightAfter(app, () => app.client.session.signIn(BEN))).not.toContain('ann');
  await app.page.shows('ben1');
  await painted();
  expect(app.frames.filter((frame) => frame.includes('ann'))).toEqual([]);
});

test('the previous page is no placeholder for the next user', async () => {
  const app = start(whole(Placeholder));
  await app.page.shows('ann1');
  app.page.find('button').click();
  await app.page.shows('ann1 meanwhile');
  const second = app.queryClient.getQueryCache().find({ queryKey: ['name', 2] });
  await expect.poll(() => second?.observers.length).toBe(1);
  expect(await rightAfter(app, () => app.client.session.signIn(BEN))).toBe('no data');
  await painted();
  await painted();
  expect(app.frames.filter((frame) => frame.includes('ann'))).toEqual([]);
});

test('what a mutation shows is off the screen right after a switch', async () => {
  const app = start(whole(Mutated));
  await painted();
  app.page.find('button').click();
  await app.page.shows('ann1 by ann by ann');
  expect(await rightAfter(app, () => app.client.session.signIn(BEN))).toBe('');
  await painted();
  expect(app.frames.filter((frame) => frame.includes('ann'))).toEqual([]);
});

test('initial data of the user before is not left in the cache for a Session of the next', async () => {
  const app = start(<members.Session>{whole(Initial)}</members.Session>);
  await app.page.shows('ann1');
  await isListening(app);
  expect(await rightAfter(app, () => app.client.session.signIn(BEN))).toBe('ben1');
});

test('queries of the user before are gone from the cache, and public ones stay as they are', async () => {
  function Both(): ReactNode {
    const client = members.useClient();
    const { data } = useQuery({
      queryKey: ['cities'],
      queryFn: () => client.fetch('echo', { auth: false }).then(({ status }) => status),
      meta: { public: true },
    });
    const user = members.useUser();
    const own = useQuery({ queryKey: ['me', user.id], queryFn: () => client.get('me').text() });
    return (
      <p>
        {data} {own.data}
      </p>
    );
  }
  const app = start(
    <members.Session>
      <Both />
    </members.Session>,
  );
  await app.page.shows('200 {"name":"ann"}');
  await app.client.session.signIn(BEN);
  await app.page.shows('200 {"name":"ben"}');
  await painted();
  const keys = app.queryClient.getQueryCache().getAll();
  expect(keys.map(({ queryKey, state }) => [...queryKey, state.data])).toEqual([
    ['cities', 200],
    ['me', 'ben', '{"name":"ben"}'],
  ]);
});

test('in a page what may come later is tried three more times, and what may not is not', async () => {
  function Tries(): ReactNode {
    const client = members.useClient();
    const later = useQuery({ queryKey: ['later'], queryFn: () => client.get('echo?status=503').text() });
    const never = useQuery({ queryKey: ['never'], queryFn: () => client.get('echo?status=404').text() });
    return (
      <p>
        {later.failureCount} {later.status} {never.failureCount} {never.status}
      </p>
    );
  }
  const app = start(<Tries />);
  await becomes(app.page.container, () => app.page.text === '4 error 1 error');
});
