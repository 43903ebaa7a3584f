import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { createProcessOwner, type System } from '../../src/stores/process-owner.ts';

/** A machine that runs three programs, seen from the first of them. */
function systemOf(changes: Partial<System> & { readonly files?: Record<string, string> } = {}): System {
  const files: Record<string, string> = {
    '/proc/sys/kernel/random/boot_id': 'b007\n',
    '/proc/self': '10',
    '/proc/self/ns/pid': 'pid:[4026531836]',
    '/proc/10/stat': statOf(10, 100),
    '/proc/20/stat': statOf(20, 200),
    '/proc/30/stat': statOf(30, 300),
    ...changes.files,
  };
  return {
    platform: 'linux',
    pid: 10,
    hostname: 'host',
    addresses: ['00:00:5e:00:53:01'],
    readFile: (path) => files[path],
    readLink: (path) => files[path],
    hasProcess: (pid) => [10, 20, 30].includes(pid),
    ...changes,
  };
}

/** As `/proc/<pid>/stat` has it, with a name that looks like more fields. */
function statOf(pid: number, started: number, state = 'S'): string {
  return `${pid} (a) Z 1 (b) ${state} 1${' 0'.repeat(17)} ${started} 0 0`;
}

const nothing = (): undefined => undefined;

/** The process 20 of the machine. */
const other = (changes: Parameters<typeof systemOf>[0] = {}): System =>
  systemOf({ pid: 20, ...changes, files: { '/proc/self': '20', ...changes.files } });

test('who lives is not gone, to itself and to others', () => {
  const [us, them] = [createProcessOwner(systemOf()), createProcessOwner(other())];
  expect(us.ownerGone(us.owner)).toBe(false);
  expect(us.ownerGone(them.owner)).toBe(false);
  expect(them.ownerGone(us.owner)).toBe(false);
});

test('each store has a name of its own, and it says nothing of the machine', () => {
  const [one, two] = [createProcessOwner(systemOf()), createProcessOwner(systemOf())];
  expect(one.owner).not.toBe(two.owner);
  expect(one.owner).not.toMatch(/host|b007|4026531836/);
});

test.each([
  ['a process that is not there', { hasProcess: (pid: number) => pid === 10 }],
  ['another program with its number', { files: { '/proc/20/stat': statOf(20, 999) } }],
  ['a process that only its parent has not noticed', { files: { '/proc/20/stat': statOf(20, 200, 'Z') } }],
])('%s is gone', (_, changes) => {
  const { owner } = createProcessOwner(other());
  expect(createProcessOwner(systemOf(changes)).ownerGone(owner)).toBe(true);
});

test.each([
  ['another machine', { hostname: 'other' }],
  ['a machine that was started again', { files: { '/proc/sys/kernel/random/boot_id': 'b008\n' } }],
  ['another container', { files: { '/proc/self/ns/pid': 'pid:[4026532000]' } }],
  ['a container that sees the processes of its host', { files: { '/proc/self': '4711' } }],
  ['a machine without a boot id', { readFile: nothing }],
  ['a machine without /proc', { readFile: nothing, readLink: nothing }],
  ['another system', { platform: 'darwin' }],
])('nothing is proven from %s', (_, changes) => {
  const { owner } = createProcessOwner(other());
  const nobodyLives = { hasProcess: () => false } as const;
  expect(createProcessOwner(systemOf({ ...changes, ...nobodyLives })).ownerGone(owner)).toBe(false);
  const { owner: theirs } = createProcessOwner(systemOf(changes));
  expect(createProcessOwner(other(nobodyLives)).ownerGone(theirs)).toBe(false);
});

test('two that see no /proc prove nothing to each other: they may be in two containers', () => {
  const blind = { readFile: () => undefined, readLink: () => undefined, hasProcess: () => false };
  const { owner } = createProcessOwner(other(blind));
  expect(createProcessOwner(systemOf(blind)).ownerGone(owner)).toBe(false);
});

test('a process whose start cannot be read is taken to live', () => {
  const { owner } = createProcessOwner(other());
  const hidden = systemOf({ files: { '/proc/20/stat': '' } });
  expect(createProcessOwner(hidden).ownerGone(owner)).toBe(false);
});

test('where processes have no known start, a missing one is gone and a present one is not', () => {
  const mac = { platform: 'darwin', readFile: () => undefined, readLink: () => undefined };
  const { owner } = createProcessOwner(other(mac));
  expect(createProcessOwner(systemOf(mac)).ownerGone(owner)).toBe(false);
  expect(createProcessOwner(systemOf({ ...mac, hasProcess: () => false })).ownerGone(owner)).toBe(true);
  const elsewhere = { ...mac, addresses: ['00:00:5e:00:53:02'], hasProcess: () => false };
  expect(createProcessOwner(systemOf(elsewhere)).ownerGone(owner)).toBe(false);
});

test.each(['', 'somebody', 'a b c d', 'a 0 c d', 'a -1 c d', 'a 1e999 c d'])(
  'a name like %j proves nothing',
  (name) => {
    const us = createProcessOwner(systemOf({ hasProcess: () => false }));
    const [machine = ''] = us.owner.split(' ');
    expect(us.ownerGone(name.replace(/^a/, machine))).toBe(false);
  },
);

test('a real process is there until it is killed', async () => {
  const us = createProcessOwner();
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const [machine, , , id] = us.owner.split(' ');
  // As it would name itself.
  const { owner } = createProcessOwner({ ...realSystem, pid: child.pid ?? 0 });
  const named = [machine, ...owner.split(' ').slice(1, 3), id].join(' ');
  expect(us.ownerGone(named)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(us.ownerGone(named)).toBe(true);
});

/** Enough of the real one to name a process by its number alone. */
const realSystem: System = {
  ...systemOf(),
  readFile: () => undefined,
  readLink: () => undefined,
};
