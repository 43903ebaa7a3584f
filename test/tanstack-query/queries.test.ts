import {
  CancelledError,
  dehydrate,
  hydrate,
  notifyManager,
  QueryClient,
  type QueryKey,
  QueryObserver,
  type QueryObserverOptions,
  type QueryObserverResult,
} from '@tanstack/react-query';
import { expect, onTestFinished, test } from 'vitest';
import { type Client, ConfigError, SessionError, TokenError, type TokenProvider } from '../../src/index.ts';
import { bindQueryClient } from '../../src/tanstack-query.ts';
import { settle } from '../support/clock.ts';
import { ANN, BEN, type Member, memberClient } from '../support/members.ts';

type Retry = NonNullable<QueryObserverOptions['retry']>;

interface Scene {
  readonly client: Client<Member>;
  readonly queryClient: QueryClient;
  /** Observes a query as a component does, and returns what resolves with the first result that is as wanted. */
  observe(options: QueryObserverOptions<string>): Observed;
}

interface Observed {
  readonly result: QueryObserverResult<string>;
  becomes(isSo: (result: QueryObserverResult<string>) => boolean): Promise<QueryObserverResult<string>>;
  /** Calls `listener` with what a component would be rendered with. Returns the function that stops it. */
  tells(listener: (data: string | undefined) => void): () => void;
}

function start(provider: TokenProvider = () => null, initial = ANN, retry?: Retry): Scene {
  const client = memberClient(provider, { baseUrl: 'https://api.example.com' }, { initial });
  const queries = { retryDelay: 0, ...(retry !== undefined && { retry }) };
  const queryClient = new QueryClient({ defaultOptions: { queries } });
  onTestFinished(bindQueryClient(client, queryClient));
  return {
    client,
    queryClient,
    observe(options) {
      const observer = new QueryObserver<string>(queryClient, options);
      onTestFinished(observer.subscribe(() => {}));
      return {
        get result() {
          return observer.getCurrentResult();
        },
        tells: (listener) => observer.subscribe(notifyManager.batchCalls(({ data }) => listener(data))),
        becomes: (isSo) =>
          new Promise((resolve) => {
            const look = (): void => {
              if (!isSo(observer.getCurrentResult())) return;
              resolve(observer.getCurrentResult());
              queueMicrotask(off);
            };
            const off = observer.subscribe(look);
            look();
          }),
      };
    },
  };
}

const isDone = ({ fetchStatus, status }: QueryObserverResult<string>): boolean =>
  fetchStatus === 'idle' && status !== 'pending';
const keys = (queryClient: QueryClient): readonly QueryKey[] =>
  queryClient
    .getQueryCache()
    .getAll()
    .map(({ queryKey }) => queryKey);

/** What an observer of a key sees, of whoever is signed in. */
const nameOf = (client: Client<Member>) => async (): Promise<string> => {
  const { snapshot } = client.session;
  return 'user' in snapshot ? snapshot.user.name : 'nobody';
};

test('a switch empties what is observed at once, and has it fetched for the next user', async () => {
  const { client, observe } = start();
  const me = observe({ queryKey: ['me'], queryFn: nameOf(client) });
  await me.becomes(isDone);
  expect(me.result.data).toBe('Ann');
  const signedIn = client.session.signIn(BEN);
  expect(me.result).toMatchObject({ status: 'pending', data: undefined });
  await signedIn;
  expect((await me.becomes(isDone)).data).toBe('Ben');
});

test('a switch in a callback of TanStack Query, which is in a batch of its own, is told at the end of that', async () => {
  const { client, observe } = start();
  const me = observe({ queryKey: ['me'], queryFn: nameOf(client) });
  await me.becomes(isDone);
  const told: unknown[] = [];
  onTestFinished(me.tells((data) => told.push(data)));
  notifyManager.batch(() => void client.session.signIn(BEN));

  expect(told.at(-1)).toBeUndefined();
  expect(told).not.toEqual([]);
});

test('what is told later than a switch is told in a task of its own again', async () => {
  const { client } = start();
  await client.session.signIn(BEN);
  const order: string[] = [];
  const told = new Promise<void>((resolve) => {
    notifyManager.schedule(() => {
      order.push('told');
      resolve();
    });
  });
  await Promise.resolve();
  order.push('the rest of this task');
  await told;
  expect(order).toEqual(['the rest of this task', 'told']);
});

test('the cache is empty before any listener of the session hears of a switch', async () => {
  const { client, queryClient } = start();
  queryClient.setQueryData(['me'], 'Ann');
  const seen: unknown[] = [];
  onTestFinished(client.session.subscribe(() => seen.push(queryClient.getQueryData(['me']))));
  await client.session.signIn(BEN);
  expect(seen).toEqual([undefined]);
});

test('what nobody observes is gone from the cache, and public queries stay as they were', async () => {
  const { client, queryClient, observe } = start();
  let fetched = 0;
  const cities = observe({
    queryKey: ['cities'],
    queryFn: async () => `Oslo ${++fetched}`,
    meta: { public: true },
  });
  await cities.becomes(isDone);
  queryClient.setQueryDefaults(['news'], { meta: { public: true } });
  queryClient.setQueryData(['news', 1], 'news');
  queryClient.setQueryData(['orders', 'ann'], ['bread']);
  const before = cities.result;
  await client.session.signIn(BEN);
  await expect.poll(() => keys(queryClient)).toEqual([['cities'], ['news', 1]]);
  expect(cities.result).toBe(before);
  expect(queryClient.getQueryData(['news', 1])).toBe('news');
});

test('what is under way is cancelled, and its answer is not kept', async () => {
  const { client, queryClient } = start();
  const answer = Promise.withResolvers<string>();
  let signal: AbortSignal | undefined;
  const fetched = queryClient.fetchQuery({
    queryKey: ['me'],
    queryFn: (context) => {
      signal = context.signal;
      return answer.promise;
    },
  });
  await settle();
  const refused = expect(fetched).rejects.toBeInstanceOf(CancelledError);
  await client.session.signIn(BEN);
  expect(signal?.aborted).toBe(true);
  answer.resolve('Ann');
  await refused;
  expect(queryClient.getQueryData(['me'])).toBeUndefined();
});

test('what a server rendered is kept while the page finds out who is there', async () => {
  const server = new QueryClient();
  server.setQueryData(['me'], 'Ann');
  const client = memberClient(() => ANN);
  const queryClient = new QueryClient();
  onTestFinished(bindQueryClient(client, queryClient));
  hydrate(queryClient, dehydrate(server));
  expect(await client.session.ready).toMatchObject({ status: 'signed-in' });
  await settle();
  expect(queryClient.getQueryData(['me'])).toBe('Ann');
});

test('a request that starts the session is not cancelled by it', async () => {
  const client = memberClient(() => ANN, {
    baseUrl: 'https://api.example.com',
    runtime: { fetch: async () => new Response('Ann') },
  });
  const queryClient = new QueryClient();
  onTestFinished(bindQueryClient(client, queryClient));
  let asked = 0;
  const queryFn = ({ signal }: { signal: AbortSignal }): Promise<string> => {
    asked += 1;
    return client.get('me', { signal }).text();
  };
  expect(await queryClient.fetchQuery({ queryKey: ['me'], queryFn })).toBe('Ann');
  expect(asked).toBe(1);
});

test.each([
  ['without a default', undefined],
  ['with a number of retries as the default', 5],
  ['with endless retries as the default', true],
  ['with a function as the default', () => true],
] as const)('nothing of a dead session is tried again, %s', async (_, retry) => {
  const over = (): never => {
    throw new SessionError('SESSION_ENDED');
  };
  const { client, observe } = start(over, ANN, retry);
  await client.session.refresh().catch(() => {});
  let tried = 0;
  const orders = observe({
    queryKey: ['orders'],
    queryFn: () => {
      tried += 1;
      return client.get('orders').text();
    },
  });
  await expect(orders.becomes(isDone)).resolves.toMatchObject({ error: { code: 'SESSION_ENDED' } });
  expect(tried).toBe(1);
});

test.each([
  ['a number', 2, 3],
  ['true', (failures: number) => failures < 4, 5],
  ['false', false, 1],
] as const)('what else fails is tried as the default says: %s', async (_, retry, expected) => {
  const { observe } = start(undefined, ANN, retry);
  let tried = 0;
  const orders = observe({
    queryKey: ['orders'],
    queryFn: () => {
      tried += 1;
      return Promise.reject(new ConfigError('INVALID_OPTION'));
    },
  });
  await orders.becomes(isDone);
  expect(tried).toBe(expected);
});

test('without a default a server tries nothing again', async () => {
  const { observe } = start();
  let tried = 0;
  const orders = observe({
    queryKey: ['orders'],
    queryFn: () => {
      tried += 1;
      return Promise.reject(new TokenError('TOKEN_ENDPOINT_UNAVAILABLE', { retryable: true }));
    },
  });
  await orders.becomes(isDone);
  expect(tried).toBe(1);
});

test('a TanStack Query that cannot tell at once is refused before anybody is shown anything', () => {
  const { setScheduler } = notifyManager;
  onTestFinished(() => void Object.assign(notifyManager, { setScheduler }));
  Reflect.deleteProperty(notifyManager, 'setScheduler');
  expect(() =>
    bindQueryClient(
      memberClient(() => null),
      new QueryClient(),
    ),
  ).toThrow('5.40');
});

test('a client and a cache in each other’s place are told apart before anything is bound', () => {
  const client = memberClient(() => null);
  const swapped = bindQueryClient as unknown as (first: QueryClient, second: Client<Member>) => void;
  expect(() => swapped(new QueryClient(), client)).toThrow('the client first');
});

test('queries that failed for want of a session go on after a sign-in, and others are left alone', async () => {
  const { client, observe } = start();
  await client.signOut();
  const me = observe({
    queryKey: ['me'],
    queryFn: async () => {
      const name = await nameOf(client)();
      if (name === 'nobody') throw new SessionError('SIGNED_OUT');
      return name;
    },
  });
  const other = observe({ queryKey: ['other'], queryFn: () => Promise.reject(new Error('broken')) });
  await me.becomes(isDone);
  await other.becomes(isDone);
  const before = other.result;
  await client.session.signIn(BEN);
  await me.becomes(({ data }) => data === 'Ben');
  expect(other.result).toBe(before);
});
