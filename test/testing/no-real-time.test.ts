import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  createAuthServer,
  createClock,
  createTabs,
  createTestClient,
  type TestClient,
} from '../../src/testing.ts';

// Many sessions from start to end, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** Real time that somebody has waited for until the test ends, by the line that began it. */
function watchTimers(): string[] {
  const waited: string[] = [];
  const { setTimeout: arm, setInterval: repeat } = globalThis;
  const watched = (run: () => void, ms = 0): (() => void) => {
    const { stack = '' } = new Error(`${ms} ms`);
    return () => {
      // What is due at once is no wait.
      if (ms > 0) waited.push(stack);
      run();
    };
  };
  Object.assign(globalThis, {
    setTimeout: (run: () => void, ms?: number) => arm(watched(run, ms), ms),
    setInterval: (run: () => void, ms?: number) => repeat(watched(run, ms), ms),
  });
  onTestFinished(() => {
    Object.assign(globalThis, { setTimeout: arm, setInterval: repeat });
  });
  return waited;
}

type Step = (client: TestClient) => unknown;

const STEPS: Readonly<Record<string, Step>> = {
  get: (client) => client.get('orders'),
  'get with a retry of its own': (client) =>
    client.get('orders', { retry: { limit: 2, statusCodes: [503] } }),
  post: (client) => client.post('orders', { json: {}, timeout: 500 }),
  fetch: (client) => client.fetch('/orders', { signal: new AbortController().signal }),
  expire: (client) => client.expireToken(),
  revoke: (client) => client.revokeToken(),
  end: (client) => client.endSession(),
  'sign in': (client) => client.signInAs({ id: 'bob' }),
  'sign out': (client) => client.signOut(),
  outage: ({ server }) => {
    server.down = !server.down;
  },
  'advance a second': ({ clock }) => clock.advance(1000),
  'advance a minute': ({ clock }) => clock.advance(60_000),
};

const steps = fc.array(fc.tuple(fc.constantFrom(...Object.keys(STEPS)), fc.nat(1)), { maxLength: 12 });
const statuses = fc.array(fc.constantFrom(200, 401, 403, 429, 500, 503), { minLength: 1, maxLength: 8 });

/** Everything has come to an end, on the clock alone. */
async function run(
  clients: readonly TestClient[],
  taken: readonly (readonly [string, number])[],
): Promise<void> {
  const under: Promise<unknown>[] = [];
  for (const [name, at] of taken) {
    const client = clients[at % clients.length];
    if (client) under.push(Promise.resolve(STEPS[name]?.(client)).catch(() => {}));
    await clients[0]?.clock.advance(0);
  }
  // Longer than anybody waits for anything: a session that is held, a hung provider, a claim.
  for (let minute = 0; minute < 10; minute++) await clients[0]?.clock.advance(60_000);
  await Promise.all(under);
}

function answering(list: readonly number[]): () => Response {
  let count = 0;
  return () =>
    new Response(null, { status: list[count++ % list.length] ?? 200, headers: { 'retry-after': '7' } });
}

test('a test on a clock of the kit never waits for real time, whatever it does', async () => {
  const waited = watchTimers();
  await fc.assert(
    fc.asyncProperty(steps, statuses, fc.boolean(), async (taken, list, hold) => {
      const client = createTestClient({
        responses: answering(list),
        whenSessionEnds: hold ? 'hold' : 'fail',
        logger: { debug() {}, warn() {} },
      });
      await run([client], taken);
    }),
    { numRuns: 40 },
  );
  expect(waited).toEqual([]);
});

test('nor does one with two tabs', async () => {
  const waited = watchTimers();
  await fc.assert(
    fc.asyncProperty(steps, statuses, async (taken, list) => {
      const clock = createClock();
      const server = createAuthServer({ clock });
      const open = ({ store }: { store: NonNullable<Parameters<typeof createTestClient>[0]>['store'] }) =>
        createTestClient({ server, store, responses: answering(list), logger: { debug() {}, warn() {} } });
      await run(createTabs(2, open, { clock }).tabs, taken);
    }),
    { numRuns: 40 },
  );
  expect(waited).toEqual([]);
});
