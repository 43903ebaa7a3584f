import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { Awaitable, SessionDocument, StoredToken, TokenStore } from '../../src/contracts.ts';
import { readDocument } from '../../src/token/document.ts';

/** A place that keeps one document. Every test makes an empty one of its own. */
export interface StorePlace {
  /** Another store on the place, as another tab or process would make it; the same one where there is no other. */
  open(): Awaitable<TokenStore>;
  /** What is there, past any store. Left out where nothing but a store gets at it. */
  readonly content?: StoreContent;
  /** Called after the test. */
  close?(): unknown;
}

interface StoreContent {
  /** Leaves `text` there, as another program or a crash would. A place that keeps values keeps what its JSON says. */
  put(text: string): Awaitable<unknown>;
  get(): Awaitable<string | undefined>;
}

/** What a store can do beyond reading and swapping. */
export interface StoreTraits {
  /** It tells of what others store. */
  readonly tells: boolean;
  /** It proves that the owner of a claim has died. */
  readonly proves: boolean;
}

const AT = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

const token: StoredToken = {
  need: { scopes: [] },
  asked: [],
  granted: ['orders'],
  token: 'access-token',
  received: AT,
};

/** A document of Ada's, with changes. */
export function documentOf(changes: Partial<SessionDocument> = {}): SessionDocument {
  return {
    format: 1,
    version: AT,
    epoch: AT,
    state: 'signed-in',
    userId: 'ada',
    refreshToken: 'refresh-token-1',
    tokens: [token],
    ...changes,
  };
}

/** What every store promises to a shared session (rule T14). `make` is called for each test. */
export function describeTokenStore(
  name: string,
  make: () => Awaitable<StorePlace>,
  traits: StoreTraits,
): void {
  const at = async (): Promise<StorePlace> => {
    const place = await make();
    onTestFinished(async () => {
      await place.close?.();
    });
    return place;
  };
  describeSwaps(name, at);
  describeContention(name, at);
  if (traits.tells) describeTelling(name, at);
  if (traits.proves) describeOwners(name, at);

  test(`${name}: it tells of changes and of dead owners, or has no such methods`, async () => {
    const store = await (await at()).open();
    const [tells, proves] = [store.subscribe !== undefined, store.ownerGone !== undefined];
    expect({ tells, proves, owner: store.owner !== undefined }).toEqual({ ...traits, owner: traits.proves });
  });

  test(`${name}: its time is one that goes on`, async () => {
    const store = await (await at()).open();
    const first = await store.now();
    const second = await store.now();
    expect(Math.abs(first - Date.now())).toBeLessThan(DAY);
    expect(second).toBeGreaterThanOrEqual(first);
  });
}

/** What a store makes of content that is none of its documents. Only for places that show their content. */
export function describeForeignContent(name: string, make: () => Awaitable<StorePlace>): void {
  const at = async (text: string): Promise<{ store: TokenStore; content: StoreContent }> => {
    const place = await make();
    onTestFinished(async () => {
      await place.close?.();
    });
    const { content } = place;
    if (content === undefined) throw new Error('the place does not show its content');
    await content.put(text);
    return { store: await place.open(), content };
  };

  test.each(FOREIGN)(`${name}: %s is neither taken for a document nor overwritten`, async (_, text) => {
    const { store, content } = await at(text);
    const raw = await store.read();
    expect(raw).toBeDefined();
    expect(readDocument(raw)).toBeUndefined();
    expect(await store.swap(undefined, documentOf())).toBe(false);
    expect(await store.swap(documentOf(), documentOf({ version: AT + 1 }))).toBe(false);
    expect(await content.get()).toBe(text);
  });

  test(`${name}: what is stored is the document and nothing else`, async () => {
    const { store, content } = await at(JSON.stringify(documentOf()));
    expect(await store.read()).toEqual(documentOf());
    const next = documentOf({ version: AT + 1 });
    expect(await store.swap(documentOf(), next)).toBe(true);
    expect(JSON.parse((await content.get()) ?? '')).toEqual(next);
  });
}

const whole = JSON.stringify(documentOf());
const FOREIGN: readonly (readonly [string, string])[] = [
  ['half a document', whole.slice(0, whole.length / 2)],
  ['text that is no JSON', 'PHPSESSID=1'],
  ['a list', '[1,2]'],
  ['a number', '17'],
  ['null', 'null'],
  ['an object of something else', '{"token":"x"}'],
  ['an object with a version', JSON.stringify({ version: AT })],
  ['a document of a newer format', JSON.stringify({ ...documentOf(), format: 2 })],
  ['a document whose version is text', JSON.stringify({ ...documentOf(), version: String(AT) })],
];

type At = () => Promise<StorePlace>;

function describeSwaps(name: string, at: At): void {
  test(`${name}: an empty place reads as undefined and takes a first document`, async () => {
    const place = await at();
    const store = await place.open();
    expect(await store.read()).toBeUndefined();
    expect(await store.swap(undefined, documentOf())).toBe(true);
    expect(await store.read()).toEqual(documentOf());
    expect(await (await place.open()).read()).toEqual(documentOf());
  });

  test(`${name}: an empty place takes no later document`, async () => {
    const store = await (await at()).open();
    expect(await store.swap(documentOf(), documentOf({ version: AT + 1 }))).toBe(false);
    expect(await store.read()).toBeUndefined();
  });

  test(`${name}: a first document is not stored over another`, async () => {
    const store = await (await at()).open();
    await store.swap(undefined, documentOf());
    expect(await store.swap(undefined, documentOf({ version: AT + 1 }))).toBe(false);
    expect(await store.read()).toEqual(documentOf());
  });

  test(`${name}: a document follows the version that it was made from, and no other`, async () => {
    const place = await at();
    const [one, other] = [await place.open(), await place.open()];
    const [first, second, late] = [0, 1, 2].map((n) => documentOf({ version: AT + n, epoch: n }));
    if (!first || !second || !late) throw new Error('three were made');
    await one.swap(undefined, first);
    expect(await other.swap(first, second)).toBe(true);
    expect(await one.swap(first, late)).toBe(false);
    expect(await one.read()).toEqual(second);
    expect(await one.swap(late, documentOf({ version: AT + 3 }))).toBe(false);
    expect(await other.read()).toEqual(second);
  });

  test(`${name}: what is read is what was stored, whatever is in it`, async () => {
    const store = await (await at()).open();
    let last: SessionDocument | undefined;
    await fc.assert(
      fc.asyncProperty(documents, async (document) => {
        const next = { ...document, version: (last?.version ?? AT) + 1 };
        expect(await store.swap(last, next)).toBe(true);
        last = next;
        expect(await store.read()).toEqual(next);
        expect(readDocument(await store.read())).toEqual(next);
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: what was handed in or out changes nothing in the place`, async () => {
    const store = await (await at()).open();
    const handedIn = structuredClone(documentOf()) as unknown as { userId: string; tokens: StoredToken[] };
    await store.swap(undefined, handedIn as unknown as SessionDocument);
    handedIn.userId = 'mallory';
    handedIn.tokens.length = 0;
    const handedOut = (await store.read()) as typeof handedIn;
    expect(handedOut).toEqual(documentOf());
    handedOut.userId = 'mallory';
    handedOut.tokens.length = 0;
    expect(await store.read()).toEqual(documentOf());
  });
}

function describeContention(name: string, at: At): void {
  test(`${name}: of many swaps at once exactly one is stored`, async () => {
    const place = await at();
    const stores = [await place.open(), await place.open()];
    let current: SessionDocument | undefined;
    for (let round = 1; round <= 8; round++) {
      const base = current;
      const tried = Array.from({ length: 10 }, (_, i) =>
        documentOf({ version: AT + 100 * round + i, userId: `${round}.${i}` }),
      );
      const swapped = await Promise.all(tried.map(async (next, i) => stores[i % 2]?.swap(base, next)));
      const [winner, ...others] = tried.filter((_, i) => swapped[i] === true);
      expect(others).toEqual([]);
      expect(winner).toBeDefined();
      for (const store of stores) expect(await store.read()).toEqual(winner);
      current = winner;
    }
  });

  test(`${name}: what many count up together is not lost`, async () => {
    const place = await at();
    const stores = await Promise.all(Array.from({ length: 4 }, async () => place.open()));
    const countUp = async (store: TokenStore): Promise<void> => {
      for (let done = 0; done < 10; ) {
        const document = readDocument(await store.read());
        const { version, epoch } = document ?? { version: AT, epoch: 0 };
        if (await store.swap(document, documentOf({ version: version + 1, epoch: epoch + 1 }))) done++;
      }
    };
    await Promise.all(stores.map(countUp));
    expect(await stores[0]?.read()).toMatchObject({ epoch: 40 });
  });
}

function describeTelling(name: string, at: At): void {
  test(`${name}: whoever listens hears of what another stores, until they stop`, async () => {
    const place = await at();
    const [writer, one, other] = [await place.open(), await place.open(), await place.open()];
    const [gone, stays] = [createListener(one), createListener(other)];
    await gone.isReady;
    await stays.isReady;
    await writer.swap(undefined, documentOf());
    await Promise.all([gone.next(), stays.next()]);
    gone.off();
    const heard = gone.count;
    const later = stays.next();
    await writer.swap(documentOf(), documentOf({ version: AT + 1 }));
    await later;
    expect(gone.count).toBe(heard);
    stays.off();
  });

  test(`${name}: two who listen on one store are told apart`, async () => {
    const place = await at();
    const [writer, store] = [await place.open(), await place.open()];
    const [gone, stays] = [createListener(store), createListener(store)];
    await Promise.all([gone.isReady, stays.isReady]);
    gone.off();
    gone.off();
    const told = stays.next();
    await writer.swap(undefined, documentOf());
    await told;
    expect(gone.count).toBe(0);
    stays.off();
  });

  test(`${name}: who hears of a change reads it`, async () => {
    const place = await at();
    const [writer, reader] = [await place.open(), await place.open()];
    const listener = createListener(reader);
    await listener.isReady;
    const told = listener.next();
    await writer.swap(undefined, documentOf());
    await told;
    expect(await reader.read()).toEqual(documentOf());
    listener.off();
  });
}

function describeOwners(name: string, at: At): void {
  test(`${name}: the owner of a stored claim lives, to others and to itself`, async () => {
    const place = await at();
    const [one, other] = [await place.open(), await place.open()];
    const { owner = '' } = one;
    const claimed = documentOf({ claim: { id: '1', owner, at: AT } });
    expect(await one.swap(undefined, claimed)).toBe(true);
    expect(await one.ownerGone?.(owner)).toBe(false);
    expect(await other.ownerGone?.(owner)).toBe(false);
  });

  test(`${name}: an owner that reads while it claims lives`, async () => {
    const place = await at();
    const [one, other] = [await place.open(), await place.open()];
    const { owner = '' } = one;
    await one.swap(undefined, documentOf());
    const claiming = one.swap(
      documentOf(),
      documentOf({ version: AT + 1, claim: { id: '1', owner, at: AT } }),
    );
    await one.read();
    expect(await claiming).toBe(true);
    expect(await other.ownerGone?.(owner)).toBe(false);
  });

  test(`${name}: an owner that claims again lives`, async () => {
    const place = await at();
    const [one, other] = [await place.open(), await place.open()];
    const { owner = '' } = one;
    let last: SessionDocument | undefined;
    for (let n = 0; n < 6; n++) {
      const claim = n % 2 === 0 ? { claim: { id: `${n}`, owner, at: AT } } : {};
      const next = documentOf({ version: AT + n, ...claim });
      expect(await one.swap(last, next)).toBe(true);
      if (n % 2 === 0) expect(await other.ownerGone?.(owner)).toBe(false);
      last = next;
    }
  });
}

interface Listener {
  readonly count: number;
  /** When what it asked of the place to be told has arrived there. */
  readonly isReady: Promise<unknown>;
  /** Resolves at the next call, or at once for one that nobody has waited for. */
  next(): Promise<void>;
  off(): void;
}

function createListener(store: TokenStore): Listener {
  let count = 0;
  let awaited = 0;
  let wake = (): void => {};
  const off = store.subscribe?.(() => {
    count++;
    wake();
  });
  if (off === undefined) throw new Error('the store does not tell');
  return {
    get count() {
      return count;
    },
    isReady: Promise.resolve(store.read()),
    async next() {
      while (count <= awaited) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      awaited = count;
    },
    off,
  };
}

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', '\ud800', '\u2028', '0', 'null', '{}', '9007199254740993'),
);
const time = fc.double({ min: 0, max: 1e15, noNaN: true });
const texts = fc.array(text, { maxLength: 3 });
const need = fc.record({ scopes: texts, audience: text }, { requiredKeys: ['scopes'] });
const storedToken = fc.record(
  {
    need,
    asked: texts,
    granted: texts,
    token: fc.stringMatching(/^[\x21-\x7e]+$/),
    received: time,
    lifetime: time,
  },
  { requiredKeys: ['need', 'asked', 'granted', 'token', 'received'] },
);
const documents: fc.Arbitrary<SessionDocument> = fc.record(
  {
    format: fc.constant(1 as const),
    version: fc.constant(0),
    epoch: fc.nat({ max: 1e15 }),
    state: fc.constantFrom('none', 'signed-in', 'signed-out', 'ended'),
    userId: text,
    idToken: text,
    refreshToken: text,
    jkt: text,
    tokens: fc.array(storedToken, { maxLength: 3 }),
    claim: fc.record({ id: text, at: time }),
  },
  { requiredKeys: ['format', 'version', 'epoch', 'state', 'tokens'], noNullPrototype: true },
) as fc.Arbitrary<SessionDocument>;
