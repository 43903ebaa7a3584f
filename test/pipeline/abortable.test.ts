import { expect, test } from 'vitest';
import { abortable, isPromise } from '../../src/pipeline/abortable.ts';

const reason = new Error('the user went away');

test('gives what the promise gives', async () => {
  const { signal } = new AbortController();

  expect(await abortable(Promise.resolve('value'), signal)).toBe('value');
  await expect(abortable(Promise.reject(reason), signal)).rejects.toBe(reason);
});

test('without a signal it is the promise itself', () => {
  const promise = Promise.resolve();

  expect(abortable(promise, undefined)).toBe(promise);
});

test('rejects at the abort, and the promise goes on', async () => {
  const controller = new AbortController();
  const work = Promise.withResolvers<string>();

  const waiting = abortable(work.promise, controller.signal);
  controller.abort(reason);

  await expect(waiting).rejects.toBe(reason);
  work.resolve('done');
  expect(await work.promise).toBe('done');
});

test('rejects at once where the abort came before', async () => {
  await expect(abortable(Promise.resolve('value'), AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('what is rejected after the abort is nobody’s unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const controller = new AbortController();
  const work = Promise.withResolvers<never>();

  const waiting = abortable(work.promise, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  work.reject(new Error('late'));
  // Node looks for unhandled rejections once the microtasks are done.
  await new Promise<void>((resolve) => setImmediate(resolve));

  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

test.each([
  [Promise.resolve(), true],
  [Object.create(Promise.prototype), true],
  ['text', false],
  [null, false],
  [undefined, false],
  [{}, false],
])('tells a promise from what is at hand: %s', (value, expected) => {
  expect(isPromise(value)).toBe(expected);
});
