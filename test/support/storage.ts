/** A `Storage` of no browser, which a test can break. */
export interface BrittleStorage extends Storage {
  /** What reading, writing or both throw from now on; `undefined`: nothing. */
  fail(what: 'reads' | 'writes' | 'everything' | undefined): void;
}

export function createStorage(): BrittleStorage {
  const items = new Map<string, string>();
  let failing: string | undefined;
  const check = (kind: string): void => {
    if (failing === kind || failing === 'everything') throw new DOMException('denied', 'SecurityError');
  };
  return {
    get length() {
      return items.size;
    },
    clear: () => items.clear(),
    key: (index) => [...items.keys()][index] ?? null,
    getItem(key) {
      check('reads');
      return items.get(key) ?? null;
    },
    setItem(key, value) {
      check('writes');
      items.set(key, value);
    },
    removeItem: (key) => void items.delete(key),
    fail(what) {
      failing = what;
    },
  };
}
