import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MemoryBroadcastChannel, memoryChannel, memoryLocks } from '../../src/testing.ts';
import { settle } from '../support/clock.ts';
import { createDeferred } from '../support/token-valet.ts';

type Locks = Pick<LockManager, 'request' | 'query'>;

// The platform's own are asked the same, so that the ones in memory are like them.
const kinds: [string, () => Locks][] = [
  ['memory', memoryLocks],
  ['the platform', () => navigator.locks],
];

test.each(kinds)(
  'locks of %s are held by one at a time, in order, and let go when the work fails',
  async (_, make) => {
    const locks = make();
    const name = crypto.randomUUID();
    const seen: string[] = [];
    const first = createDeferred<string>();
    const one = locks.request(name, async () => {
      seen.push('one');
      return first.promise;
    });
    const two = locks.request(name, async () => {
      seen.push('two');
      throw new Error('two fails');
    });
    const three = locks.request(name, { mode: 'exclusive' }, (lock) => {
      seen.push('three');
      return lock?.name;
    });
    await settle();
    expect(seen).toEqual(['one']);
    const { held = [], pending = [] } = await locks.query();
    expect(held.filter((lock) => lock.name === name)).toHaveLength(1);
    expect(pending.filter((lock) => lock.name === name)).toHaveLength(2);
    first.resolve('done');
    expect(await one).toBe('done');
    await expect(two).rejects.toThrow('two fails');
    expect(await three).toBe(name);
    expect(seen).toEqual(['one', 'two', 'three']);
  },
);

test.each(kinds)('locks of %s are shared by readers, and a writer waits for them', async (_, make) => {
  const locks = make();
  const name = crypto.randomUUID();
  const reading = createDeferred<void>();
  const seen: string[] = [];
  const read = (who: string) =>
    locks.request(name, { mode: 'shared' }, async () => {
      seen.push(who);
      await reading.promise;
    });
  const readers = [read('r1'), read('r2')];
  const writer = locks.request(name, () => void seen.push('w'));
  const late = read('r3');
  await settle();
  expect(seen).toEqual(['r1', 'r2']);
  reading.resolve();
  await Promise.all([...readers, writer, late]);
  expect(seen).toEqual(['r1', 'r2', 'w', 'r3']);
});

test.each(kinds)(
  'locks of %s say at once that they are taken, or are waited for until a signal aborts',
  async (_, make) => {
    const locks = make();
    const name = crypto.randomUUID();
    const work = createDeferred<void>();
    const holder = locks.request(name, () => work.promise);
    expect(await locks.request(name, { ifAvailable: true }, (lock) => lock)).toBeNull();
    const controller = new AbortController();
    const given = locks.request(name, { signal: controller.signal }, () => 'never');
    controller.abort(new Error('no time'));
    await expect(given).rejects.toThrow('no time');
    await expect(locks.request(name, { signal: controller.signal }, () => 'never')).rejects.toThrow(
      'no time',
    );
    work.resolve();
    await holder;
    expect(await locks.request(name, (lock) => lock?.mode)).toBe('exclusive');
  },
);

test('locks of two memories, or of two names, have nothing to do with each other', async () => {
  const [one, other] = [memoryLocks(), memoryLocks()];
  const work = createDeferred<void>();
  const held = one.request('a', () => work.promise);
  expect(await other.request('a', () => 'other')).toBe('other');
  expect(await one.request('b', () => 'b')).toBe('b');
  work.resolve();
  await held;
});

test('stealing a lock is refused rather than done wrong', async () => {
  await expect(memoryLocks().request('a', { steal: true }, () => 1)).rejects.toThrow('steal');
});

test('whatever is asked for, nobody holds a lock beside an exclusive one, and everybody has a turn', async () => {
  const mode = fc.constantFrom<LockMode>('exclusive', 'shared');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(mode, fc.nat(3)), { maxLength: 12 }), async (wanted) => {
      const locks = memoryLocks();
      const inside: LockMode[] = [];
      let turns = 0;
      const work = wanted.map(([mode, steps]) =>
        locks.request('a', { mode }, async () => {
          inside.push(mode);
          for (let step = 0; step < steps; step++) await Promise.resolve();
          expect(inside.length === 1 || !inside.includes('exclusive')).toBe(true);
          inside.splice(inside.indexOf(mode), 1);
          turns++;
        }),
      );
      await Promise.all(work);
      expect(turns).toBe(wanted.length);
    }),
  );
});

test('what is posted on a channel is heard on all others of its name, as a copy, and not on itself', async () => {
  const Channel = memoryChannel();
  const [one, two, three, elsewhere] = ['a', 'a', 'a', 'b'].map((name) => new Channel(name));
  const heard: [string, unknown][] = [];
  const listen = (channel: MemoryBroadcastChannel | undefined, who: string): void => {
    if (channel) channel.onmessage = ({ data }) => void heard.push([who, data]);
  };
  listen(one, 'one');
  listen(two, 'two');
  three?.addEventListener('message', (event) => void heard.push(['three', (event as MessageEvent).data]));
  listen(elsewhere, 'elsewhere');
  const message = { n: 1 };
  one?.postMessage(message);
  message.n = 2;
  expect(heard).toEqual([]);
  await settle();
  expect(heard).toEqual([
    ['two', { n: 1 }],
    ['three', { n: 1 }],
  ]);
});

test('a closed channel hears nothing, not even what was on its way, and says nothing', async () => {
  const Channel = memoryChannel();
  const [one, two] = [new Channel('a'), new Channel('a')];
  let heard = 0;
  two.onmessage = () => void heard++;
  one.postMessage('on its way');
  two.close();
  await settle();
  expect(heard).toBe(0);
  expect(() => two.postMessage('x')).toThrow('closed');
});
