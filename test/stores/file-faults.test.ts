import * as platformFiles from 'node:fs/promises';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { TokenStore } from '../../src/contracts.ts';
import { createFileStore } from '../../src/stores/file.ts';
import type { Files } from '../../src/stores/private-file.ts';
import { documentOf } from '../contracts/token-store.ts';
import { createManualClock, type ManualClock } from '../support/clock.ts';
import { createFaultyFiles, type Fault } from '../support/faulty-files.ts';

const { version } = documentOf();
const [first, second, third] = [
  documentOf(),
  documentOf({ version: version + 1 }),
  documentOf({ version: version + 2 }),
];
/** More than a swap has. */
const MOST_STEPS = 60;
/** A step of whoever has the lock. */
const IN_ITS_TURN = 16;

test.each([true, false])(
  'whichever step fails, the old session or the new one is there (links: %s)',
  async (hasLinks) => {
    const steps = await forEachStep('error', async (fault) => {
      const { path, names } = await makePlace();
      const { files } = createFaultyFiles(fault, hasLinks);
      const swapped = await outcomeOf(ofMortal(path, files).swap(first, second));
      expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(swapped === true ? second : first);
      await expectNoSecretBeside(path, names);
      await expectRecovery(path, names);
    });
    // Taking the lock, looking, writing, syncing, renaming and letting go.
    expect(steps).toBeGreaterThan(15);
  },
);

test('wherever a program ends, the old session or the new one is there, and nothing stays behind', async () => {
  await forEachStep('crash', async (fault) => {
    const { path, names } = await makePlace();
    const { files } = createFaultyFiles(fault);
    const swapped = await outcomeOf(ofMortal(path, files).swap(first, second));
    const stored: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (swapped === true) expect(stored).toEqual(second);
    else expect([first, second]).toContainEqual(stored);
    expect((await names()).length).toBeLessThanOrEqual(3);
    await expectRecovery(path, names);
  });
});

test('wherever a program stands still while its lock is taken away, one swap of two is stored', async () => {
  const wins = { frozen: 0, other: 0 };
  await forEachStep('freeze', async (fault) => {
    const { path, names } = await makePlace();
    const { files, isFrozen, thaw } = createFaultyFiles(fault);
    const frozen = ofMortal(path, files).swap(first, second);
    await Promise.race([isFrozen, frozen]);
    const other = await ofHeir(path).swap(first, third);
    thaw();
    const isSwapped = await frozen;
    expect([isSwapped, other].filter((each) => each === true)).toHaveLength(1);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(isSwapped === true ? second : third);
    if (isSwapped === true) wins.frozen++;
    else wins.other++;
    await expectRecovery(path, names);
  });
  expect(wins.frozen).toBeGreaterThan(0);
  expect(wins.other).toBeGreaterThan(0);
});

test('who has lost the lock leaves that of the next one alone', async () => {
  const { path } = await makePlace();
  const [one, two] = [0, 1].map(() => createFaultyFiles({ at: IN_ITS_TURN, kind: 'freeze' }));
  if (!one || !two) throw new Error('two were made');
  const frozen = ofMortal(path, one.files).swap(first, second);
  await one.isFrozen;
  const other = ofHeir(path, two.files).swap(first, third);
  await two.isFrozen;
  const lock = await readFile(`${path}.lock`, 'utf8');
  one.thaw();
  expect(await frozen).toBe(false);
  expect(await readFile(`${path}.lock`, 'utf8')).toBe(lock);
  two.thaw();
  expect(await other).toBe(true);
});

test('a lock whose holder lives is waited for, and not for ever', async () => {
  const { path } = await makePlace();
  const { files, isFrozen, thaw } = createFaultyFiles({ at: 8, kind: 'freeze' });
  const holder = createFileStore(path, {}, { files });
  const held = holder.swap(first, second);
  await isFrozen;
  const clock = createManualClock();
  const waiting = outcomeOf(createFileStore(path, {}, { clock }).swap(first, third));
  expect(await goOn(clock, waiting)).toMatch(`held by the process ${process.pid}`);
  thaw();
  expect(await held).toBe(true);
  expect(await createFileStore(path).swap(first, third)).toBe(false);
  expect(await createFileStore(path).swap(second, third)).toBe(true);
});

test('where there are no hard links the lock is made in its place', async () => {
  const { path, names } = await makePlace();
  const link = () => Promise.reject(Object.assign(new Error('not supported'), { code: 'EPERM' }));
  const stores = [0, 1, 2, 3].map(() => createFileStore(path, {}, { files: { ...platformFiles, link } }));
  const swapped = await Promise.all(stores.map(async (store) => store.swap(first, second)));
  expect(swapped.filter((each) => each)).toHaveLength(1);
  expect(await names()).toEqual(['session.json']);
});

test('a lock that nobody can tell about is forgotten after ten seconds', async () => {
  const { path, names } = await makePlace();
  const clock = createManualClock(Date.now());
  const store = createFileStore(path, {}, { clock });
  await writeFile(`${path}.lock`, 'somebody', { mode: 0o600 });
  expect(await goOn(clock, outcomeOf(store.swap(first, second)))).toMatch('is held');
  const long = new Date(clock.now() - 11_000);
  await utimes(`${path}.lock`, long, long);
  expect(await goOn(clock, outcomeOf(store.swap(first, second)))).toBe(true);
  expect(await names()).toEqual(['session.json']);
});

test('who finds an old lock watches it before it is forgotten', async () => {
  const { path } = await makePlace();
  const clock = createManualClock(Date.now());
  const start = clock.monotonic();
  await writeFile(`${path}.lock`, 'somebody', { mode: 0o600 });
  await utimes(`${path}.lock`, new Date(0), new Date(0));
  expect(await goOn(clock, outcomeOf(createFileStore(path, {}, { clock }).swap(first, second)))).toBe(true);
  expect(clock.monotonic() - start).toBeGreaterThanOrEqual(1000);
});

test('a lock from the future is forgotten by who has watched it for ten seconds', async () => {
  const { path } = await makePlace();
  const clock = createManualClock(1_000_000);
  const store = createFileStore(path, {}, { clock });
  await writeFile(`${path}.lock`, '', { mode: 0o600 });
  expect(await goOn(clock, outcomeOf(store.swap(first, second)))).toMatch('is held');
  await clock.advance(5000);
  expect(await goOn(clock, outcomeOf(store.swap(first, second)))).toMatch('is held');
  await clock.advance(5000);
  expect(await goOn(clock, outcomeOf(store.swap(first, second)))).toBe(true);
});

test('an empty lock that comes anew is watched anew', async () => {
  const { path } = await makePlace();
  const clock = createManualClock(Date.now());
  const store = createFileStore(path, {}, { clock });
  await writeFile(`${path}.lock`, '', { mode: 0o600 });
  expect(await goOn(clock, outcomeOf(store.swap(first, second)))).toMatch('is held');
  await rm(`${path}.lock`);
  await clock.advance(20_000);
  await writeFile(`${path}.lock`, '', { mode: 0o600 });
  const now = new Date(clock.now());
  await utimes(`${path}.lock`, now, now);
  expect(await goOn(clock, outcomeOf(store.swap(first, second)))).toMatch('is held');
});

/** Runs `check` with a fault at the first step, at the second, until there are no more steps. Returns how many. */
async function forEachStep(kind: Fault['kind'], check: (fault: Fault) => Promise<void>): Promise<number> {
  const { path } = await makePlace();
  const whole = createFaultyFiles();
  expect(await createFileStore(path, {}, whole).swap(first, second)).toBe(true);
  expect(whole.steps).toBeLessThan(MOST_STEPS);
  for (let at = 1; at <= whole.steps; at++) await check({ at, kind });
  return whole.steps;
}

/** A program that goes on has removed what it could not store. */
async function expectNoSecretBeside(path: string, names: () => Promise<string[]>): Promise<void> {
  const others = (await names()).filter((name) => name !== 'session.json');
  for (const name of others) {
    expect(await readFile(join(path, '..', name), 'utf8')).not.toContain('refresh');
  }
}

/** Whoever comes next can store, and what was left behind is gone. */
async function expectRecovery(path: string, names: () => Promise<string[]>): Promise<void> {
  const stored = JSON.parse(await readFile(path, 'utf8')) as typeof first;
  const next = documentOf({ version: stored.version + 10 });
  expect(await ofHeir(path).swap(stored, next)).toBe(true);
  expect(await names()).toEqual(['session.json']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
}

/** The store of a program that ends, or stands still for so long that the others think so. */
function ofMortal(path: string, files: Files): TokenStore {
  return createFileStore(path, {}, { files, us: { owner: 'the mortal', ownerGone: () => false } });
}

/** The store of a program that knows that the other one has ended. */
function ofHeir(path: string, files: Files = platformFiles): TokenStore {
  return createFileStore(
    path,
    {},
    { files, us: { owner: 'the heir', ownerGone: (owner) => owner === 'the mortal' } },
  );
}

/** The outcome, while time goes by. */
async function goOn<Outcome>(clock: ManualClock, outcome: Promise<Outcome>): Promise<Outcome> {
  let isOver = false;
  const over = outcome.finally(() => {
    isOver = true;
  });
  for (let i = 0; i < 5000 && !isOver; i++) {
    await stat('.');
    await clock.advance(5);
  }
  return over;
}

async function outcomeOf(swap: ReturnType<TokenStore['swap']>): Promise<boolean | string> {
  try {
    return await swap;
  } catch (error) {
    return String(error);
  }
}

async function makePlace(): Promise<{ path: string; names: () => Promise<string[]> }> {
  const folder = await mkdtemp(join(tmpdir(), 'fetch-valet-faults-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'session.json');
  await createFileStore(path).swap(undefined, first);
  return { path, names: async () => (await readdir(folder)).sort() };
}
