/** The databases of a browser as far as keys need them, which a test can have fail. */
export interface FakeDatabases {
  readonly factory: () => IDBFactory;
  /** What is kept, by key: of all databases together. */
  readonly kept: Map<string, unknown>;
  /** What opening and writing come to from now on. */
  state: 'works' | 'never answers' | 'refuses' | 'gives up';
}

type Handlers = Record<`on${string}`, (() => void) | undefined>;

export function createDatabases(): FakeDatabases {
  const kept = new Map<string, unknown>();
  // Transactions run one after another, as those of tabs do.
  let last = Promise.resolve();
  const transaction = (): object => {
    const asked: (() => void)[] = [];
    const made: Handlers & { error?: Error; objectStore?: () => object } = {};
    const ask = (answer: () => unknown): object => {
      const request: Handlers & { result?: unknown } = {};
      asked.push(() => {
        request.result = answer();
        request.onsuccess?.();
      });
      return request;
    };
    made.objectStore = () => ({
      get: (key: string) => ask(() => kept.get(key)),
      put: (value: unknown, key: string) => ask(() => kept.set(key, value)),
    });
    last = last.then(async () => {
      if (databases.state === 'gives up') return made.onabort?.();
      for (const act of asked) {
        act();
        // Another tab may be at work meanwhile, but not in here.
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      made.oncomplete?.();
    });
    return made;
  };
  const database = { objectStoreNames: { contains: () => true }, transaction, close() {} };
  const open = (): object => {
    const request: Handlers & { result: object; error?: Error } = { result: database };
    if (databases.state === 'never answers') return request;
    queueMicrotask(() => {
      if (databases.state === 'refuses') request.onerror?.();
      else request.onsuccess?.();
    });
    return request;
  };
  const databases: FakeDatabases = {
    factory: () => ({ open }) as unknown as IDBFactory,
    kept,
    state: 'works',
  };
  return databases;
}
