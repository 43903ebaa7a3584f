import { expect } from 'vitest';

const SHARED: readonly object[] = [Object, Array, Function, Map, Set, String, Number, Promise, Error].flatMap(
  (type) => [type, type.prototype as object],
);

/** What all objects share: each name with its value, or with its getter. */
function sharedState(): unknown[][] {
  return SHARED.flatMap((object) =>
    Reflect.ownKeys(object).map((name) => {
      const { value, get } = Object.getOwnPropertyDescriptor(object, name) ?? {};
      return [object, name, value ?? get];
    }),
  );
}

/** Runs `run`, and fails where it changed anything on what all objects share. */
export async function expectUnpolluted(run: () => void | Promise<void>): Promise<void> {
  const before = sharedState();
  await run();
  const after = sharedState();
  const isSame = (entry: readonly unknown[], index: number): boolean =>
    entry.every((part, at) => Object.is(part, before[index]?.[at]));
  const changed = after.filter((entry, index) => !isSame(entry, index)).map(([, name]) => String(name));
  expect(changed).toEqual([]);
  expect(after).toHaveLength(before.length);
}

/** Names that reach for what all objects share. */
export const POLLUTING = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'toJSON',
  'then',
];
