import {
  CancelledError,
  MutationCache,
  MutationObserver,
  type MutationObserverOptions,
  onlineManager,
  QueryClient,
} from '@tanstack/react-query';
import { expect, onTestFinished, test } from 'vitest';
import type { Client } from '../../src/index.ts';
import { bindQueryClient } from '../../src/tanstack-query.ts';
import { settle } from '../support/clock.ts';
import { ANN, BEN, memberClient } from '../support/members.ts';
import { sendJson, startServer } from '../support/server.ts';

interface Scene {
  readonly client: Client;
  readonly queryClient: QueryClient;
  /** Every callback so far, by its name and what it was told first. */
  readonly called: string[];
  mutate(options: MutationObserverOptions<string, Error, string>, variables?: string): Promise<string>;
}

/** Each level that may have callbacks has all of them. */
function start(baseUrl?: string): Scene {
  const called: string[] = [];
  const callbacks = (level: string): object =>
    Object.fromEntries(
      ['onSuccess', 'onError', 'onSettled'].map((name) => [
        name,
        (told: unknown) =>
          void called.push(`${level}.${name} ${told instanceof Error ? told.name : String(told)}`),
      ]),
    );
  const client = memberClient(() => null, baseUrl === undefined ? {} : { baseUrl }, { initial: ANN });
  const queryClient = new QueryClient({ mutationCache: new MutationCache(callbacks('cache')) });
  onTestFinished(bindQueryClient(client, queryClient));
  return {
    client,
    queryClient,
    called,
    mutate(options, variables = 'order') {
      const observer = new MutationObserver(queryClient, { ...callbacks('mutation'), ...options });
      onTestFinished(observer.subscribe(() => {}));
      const result = observer.mutate(variables, callbacks('call'));
      result.catch(() => {});
      return result;
    },
  };
}

const EVERYBODY = ['cache', 'mutation', 'cache', 'mutation', 'call', 'call'];

test('a mutation of the user who is there calls back as ever', async () => {
  const { called, mutate } = start();
  await mutate({ mutationFn: async (variables) => `${variables} taken` });
  expect(called).toEqual([
    'cache.onSuccess order taken',
    'mutation.onSuccess order taken',
    'cache.onSettled order taken',
    'mutation.onSettled order taken',
    'call.onSuccess order taken',
    'call.onSettled order taken',
  ]);
});

test.each([
  ['a switch of user', (client: Client) => client.session.signIn(BEN)],
  ['a sign-out', (client: Client) => client.signOut()],
])('a mutation that is answered after %s calls nobody', async (_, change) => {
  const { client, called, mutate } = start();
  const answer = Promise.withResolvers<string>();
  const result = mutate({ mutationFn: () => answer.promise });
  await settle();
  await change(client);
  answer.resolve('too late');
  expect(await result).toBe('too late');
  await settle();
  expect(called).toEqual([]);
});

test('a mutation that fails after a switch rolls nothing back for the next user', async () => {
  const gate = Promise.withResolvers<void>();
  await using server = await startServer(async (_, response) => {
    await gate.promise;
    sendJson(response, {});
  });
  const { client, queryClient, called, mutate } = start(server.origin);
  const result = mutate({
    mutationFn: (variables) => client.post('orders', { body: variables }).text(),
    onMutate: () => ({ before: 'orders of ann' }),
    onError: (_error, _variables, context) => {
      queryClient.setQueryData(['orders'], (context as { before: string }).before);
    },
  });
  await expect.poll(() => server.received.length).toBe(1);
  await client.session.signIn(BEN);
  gate.resolve();
  await expect(result).rejects.toMatchObject({ code: 'SESSION_CHANGED' });
  await settle();
  expect(queryClient.getQueryData(['orders'])).toBeUndefined();
  expect(called).toEqual([]);
});

test('what a user began is not tried again for the next one', async () => {
  const { client, mutate } = start();
  const sent: string[] = [];
  const first = Promise.withResolvers<string>();
  const result = mutate({
    mutationFn: (variables) => {
      const { snapshot } = client.session;
      sent.push(`${variables} of ${'user' in snapshot ? snapshot.user.id : ''}`);
      return first.promise;
    },
    retry: 3,
    retryDelay: 0,
  });
  await settle();
  await client.session.signIn(BEN);
  first.reject(new Error('a bad moment'));
  await expect(result).rejects.toBeInstanceOf(CancelledError);
  expect(sent).toEqual(['order of ann']);
});

test('what waits for its onMutate is not sent for the next user', async () => {
  const { client, called, mutate } = start();
  const sent: string[] = [];
  const prepared = Promise.withResolvers<void>();
  const result = mutate({
    mutationFn: async (variables) => {
      sent.push(variables);
      return 'taken';
    },
    onMutate: () => prepared.promise,
  });
  await settle();
  await client.session.signIn(BEN);
  prepared.resolve();
  await expect(result).rejects.toBeInstanceOf(CancelledError);
  expect({ sent, called }).toEqual({ sent: [], called: [] });
});

test('what waits for the network is not sent for the next user', async () => {
  const { client, queryClient, called, mutate } = start();
  queryClient.mount();
  onTestFinished(() => {
    onlineManager.setOnline(true);
    queryClient.unmount();
  });
  const sent: string[] = [];
  onlineManager.setOnline(false);
  void mutate({
    mutationFn: async (variables) => {
      sent.push(variables);
      return 'taken';
    },
  });
  await settle();
  await client.session.signIn(BEN);
  onlineManager.setOnline(true);
  await queryClient.resumePausedMutations();
  await settle();
  expect({ sent, called }).toEqual({ sent: [], called: [] });
});

test('mutations of the next user call back, also while one of the user before is under way', async () => {
  const { client, called, mutate } = start();
  const late = Promise.withResolvers<string>();
  void mutate({ mutationFn: () => late.promise });
  await settle();
  await client.session.signIn(BEN);
  const next = mutate({ mutationFn: async () => 'taken' });
  late.resolve('too late');
  await next;
  await settle();
  expect(called.map((line) => line.split('.')[0])).toEqual(EVERYBODY);
  expect(called.every((line) => line.endsWith(' taken'))).toBe(true);
});

test('a public mutation goes on for whoever comes', async () => {
  const { client, called, mutate } = start();
  const answer = Promise.withResolvers<string>();
  const result = mutate({ mutationFn: () => answer.promise, meta: { public: true } });
  await settle();
  await client.session.signIn(BEN);
  answer.resolve('subscribed');
  expect(await result).toBe('subscribed');
  expect(called.map((line) => line.split('.')[0])).toEqual(EVERYBODY);
});

test('what a mutation has brought is forgotten, and what observes it is idle', async () => {
  const { client, queryClient } = start();
  const observer = new MutationObserver(queryClient, { mutationFn: async () => 'taken' });
  const off = observer.subscribe(() => {});
  onTestFinished(off);
  await observer.mutate();
  expect(observer.getCurrentResult()).toMatchObject({ status: 'success', data: 'taken' });
  await client.session.signIn(BEN);
  expect(observer.getCurrentResult()).toMatchObject({ status: 'idle', data: undefined });
  expect(queryClient.getMutationCache().getAll()).toEqual([]);
});

test('after unbinding everything is as it was', async () => {
  const client = memberClient(() => null, {}, { initial: ANN });
  const called: string[] = [];
  const config = { onSuccess: (data: unknown) => void called.push(String(data)) };
  const defaultOptions = { queries: { staleTime: 1 } };
  const queryClient = new QueryClient({ mutationCache: new MutationCache(config), defaultOptions });
  bindQueryClient(client, queryClient)();
  expect(queryClient.getMutationCache().config).toBe(config);
  expect(queryClient.getDefaultOptions()).toEqual(defaultOptions);

  const answer = Promise.withResolvers<string>();
  const result = new MutationObserver(queryClient, { mutationFn: () => answer.promise }).mutate();
  queryClient.setQueryData(['me'], 'ann');
  await client.session.signIn(BEN);
  answer.resolve('taken');
  await result;
  expect(called).toEqual(['taken']);
  expect(queryClient.getQueryData(['me'])).toBe('ann');
});
