import fc from 'fast-check';
import { expect, test } from 'vitest';
import { record } from '../../src/pipeline/recorder.ts';
import { chunksOf, isWhole, streamOf } from '../support/streams.ts';

const KIB = 1024;

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

function codeOf(error: { readonly code: string }): string {
  return error.code;
}

/** Reads `count` chunks and leaves the rest. */
async function readSome(reader: ReadableStreamDefaultReader<Uint8Array>, count: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const { value } = await reader.read();
    if (value) parts.push(value);
  }
  return Buffer.concat(parts);
}

test('plays a stream of up to 64 KiB as often as it is asked', async () => {
  const recorder = record(streamOf(64 * KIB));

  for (let count = 0; count < 3; count++) {
    expect(isWhole(await readAll(recorder.play()), 64 * KIB)).toBe(true);
  }
});

test('plays a stream of one byte more only once', async () => {
  const recorder = record(streamOf(64 * KIB + 1));

  expect(isWhole(await readAll(recorder.play()), 64 * KIB + 1)).toBe(true);
  expect(() => recorder.play()).toThrow(expect.objectContaining({ code: 'BODY_NOT_REPLAYABLE' }));
});

test('a replay that begins in the middle sends what was kept and then the rest', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 200 * KIB }),
      fc.integer({ min: 500, max: 40 * KIB }),
      fc.nat(6),
      async (total, chunk, before) => {
        const recorder = record(streamOf(total, chunk));
        const first = recorder.play().getReader();
        const sent = await readSome(first, before);
        await first.cancel();

        // A stream reads one chunk ahead.
        if (sent.length + chunk <= 64 * KIB || total <= 64 * KIB) {
          expect(isWhole(await readAll(recorder.play()), total)).toBe(true);
        } else {
          const replayed = await (async () => readAll(recorder.play()))().catch(codeOf);
          expect(replayed === 'BODY_NOT_REPLAYABLE' || isWhole(replayed as Uint8Array, total)).toBe(true);
        }
      },
    ),
  );
});

test('a first send that is still reading takes nothing from the replay', async () => {
  const total = 200 * KIB;
  const recorder = record(streamOf(total));
  const first = recorder.play().getReader();
  await readSome(first, 2);

  const second = recorder.play();
  await expect(readSome(first, 20)).rejects.toThrow();
  expect(isWhole(await readAll(second), total)).toBe(true);
});

test('a first send that waits for a chunk shares it with the replay', async () => {
  const asked = Promise.withResolvers<void>();
  const chunk = Promise.withResolvers<void>();
  const source = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        asked.resolve();
        await chunk.promise;
        controller.enqueue(new Uint8Array([1, 2, 3]));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const recorder = record(source);
  const first = recorder.play().getReader();
  const waiting = first.read();
  await asked.promise;
  const second = readAll(recorder.play());
  chunk.resolve();

  expect((await waiting).value).toEqual(new Uint8Array([1, 2, 3]));
  expect(await second).toEqual(new Uint8Array([1, 2, 3]));
});

test('a first send that is cancelled after the replay has begun does not end the source', async () => {
  const total = 100 * KIB;
  const recorder = record(streamOf(total));
  const first = recorder.play().getReader();
  await readSome(first, 1);

  const second = recorder.play().getReader();
  const start = await readSome(second, 2);
  await first.cancel();
  recorder.release();
  const rest = await readSome(second, 20);

  expect(isWhole(Buffer.concat([start, rest]), total)).toBe(true);
});

test('the source is cancelled once its last reader has stopped and no replay will come', async () => {
  const cancelled: string[] = [];
  const source = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel: () => void cancelled.push('cancelled'),
    });

  const stopsFirst = record(source());
  const reader = stopsFirst.play().getReader();
  await reader.read();
  await reader.cancel();
  expect(cancelled).toEqual([]);
  stopsFirst.release();
  expect(cancelled).toHaveLength(1);

  const releasedFirst = record(source());
  const other = releasedFirst.play().getReader();
  await other.read();
  releasedFirst.release();
  expect(cancelled).toHaveLength(1);
  await other.cancel();
  expect(cancelled).toHaveLength(2);
});

test('an async generator is ended, too', async () => {
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(10);
    } finally {
      ended = true;
    }
  }
  const recorder = record(endless() as unknown as ReadableStream<Uint8Array>);
  const reader = recorder.play().getReader();
  await reader.read();

  recorder.release();
  await reader.cancel();
  await Promise.resolve();

  expect(ended).toBe(true);
});

test('what a platform does to a chunk that it was given does not change the recording', async () => {
  const recorder = record(streamOf(1000, 100));
  for await (const chunk of recorder.play()) chunk.fill(0);
  const second = recorder.play().getReader();
  const { value } = await second.read();
  value?.fill(0);
  await second.cancel();

  expect(isWhole(await readAll(recorder.play()), 1000)).toBe(true);
});

test('fill keeps a small source and gives up a large one', async () => {
  const small = record(streamOf(64 * KIB));
  const large = record(streamOf(10_000 * KIB));

  expect(await small.fill()).toBe(true);
  expect(isWhole(await readAll(small.play()), 64 * KIB)).toBe(true);
  expect(await large.fill()).toBe(false);
  expect(() => large.play()).toThrow(expect.objectContaining({ code: 'BODY_NOT_REPLAYABLE' }));
});

test('text in a stream is sent as UTF-8', async () => {
  async function* text(): AsyncGenerator<string> {
    yield 'Ør';
    yield 'sta';
  }
  const recorder = record(text() as unknown as ReadableStream<Uint8Array>);

  expect(new TextDecoder().decode(await readAll(recorder.play()))).toBe('Ørsta');
});

test('a source that breaks breaks its reader', async () => {
  const broken = new Error('the disk is gone');
  async function* breaking(): AsyncGenerator<Uint8Array> {
    yield* chunksOf(100);
    throw broken;
  }
  const recorder = record(breaking() as unknown as ReadableStream<Uint8Array>);

  await expect(readAll(recorder.play())).rejects.toBe(broken);
});
