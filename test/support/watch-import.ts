/**
 * Imports the module that its argument names, and prints what that left behind in this process:
 * `node watch-import.ts file:///…`.
 */
import process from 'node:process';

type Member = readonly unknown[];

function membersOf(target: object): Member[] {
  return Reflect.ownKeys(target).map((key) => {
    const { value, get, set } = Object.getOwnPropertyDescriptor(target, key) ?? {};
    return [key, value, get, set];
  });
}

/** Global values, and the prototypes of those that are classes. */
function builtIns(): object[] {
  return Reflect.ownKeys(globalThis).flatMap((name) => {
    const value: unknown = Object.getOwnPropertyDescriptor(globalThis, name)?.value;
    if (typeof value === 'function') return [value, value.prototype as unknown].filter(isObject);
    return isObject(value) ? [value] : [];
  });
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function look(): Map<object, Member[]> {
  return new Map(
    [globalThis, process, process.env, ...builtIns()].map((target) => [target, membersOf(target)]),
  );
}

/** What keeps a process alive, and who listens to it. */
function held(): string {
  const listeners = process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
  return JSON.stringify([process.getActiveResourcesInfo(), listeners]);
}

function isSame(one: readonly Member[], other: readonly Member[]): boolean {
  return (
    one.length === other.length &&
    one.every((member, at) => member.every((part, of) => Object.is(part, other[at]?.[of])))
  );
}

function nameOf(target: object): string {
  if (target === globalThis) return 'globalThis';
  if (target === process.env) return 'process.env';
  return target === process ? 'process' : target.constructor.name;
}

// Node makes some of its globals at the first look.
for (const name of Reflect.ownKeys(globalThis)) Reflect.get(globalThis, name);
const before = look();
const heldBefore = held();
await import(process.argv[2] ?? '');
const changed = [...look()].filter(([target, members]) => !isSame(before.get(target) ?? [], members));
const traces = changed.map(([target]) => nameOf(target));
console.log(JSON.stringify(held() === heldBefore ? traces : [...traces, 'held']));
