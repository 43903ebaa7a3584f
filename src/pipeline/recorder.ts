import { ConfigError } from '../errors.ts';

/** How much of a stream is kept to send it again (rule P3). */
const RECORDED = 65_536;

export interface Recorder {
  /** A stream of everything from the beginning: first what was kept, then what is still to come. */
  play(): ReadableStream<Uint8Array>;
  /** Reads all there is. `false`: it was too much, and is dropped. */
  fill(): Promise<boolean>;
  /** No replay will come: the source may be cancelled when its last reader stops. */
  release(): void;
}

/** Keeps what is read of `source`, up to 64 KiB, so that it can be read from the beginning again. */
export function record(source: ReadableStream<Uint8Array>): Recorder {
  const reader = readerOf(source);
  let kept: Uint8Array[] = [];
  let size = 0;
  let stopped = true; // before the first send nobody reads it, either
  let released = false;
  let turn = 0;
  let pending: Promise<Uint8Array | undefined> | undefined;

  // One read at a time, shared: a replay may begin while the first send still waits for a chunk.
  // A send that a replay has overtaken reads no further: what it took would be missing from the replay.
  const read = (mine: number): Promise<Uint8Array | undefined> => {
    if (mine !== turn) return Promise.reject(new Error('The request is sent again: this send is over.'));
    pending ??= reader.next().then((chunk) => {
      pending = undefined;
      if (chunk !== undefined) keep(chunk);
      return chunk;
    });
    return pending;
  };
  const keep = (chunk: Uint8Array): void => {
    if (size > RECORDED) return;
    size += chunk.byteLength;
    // A copy: some platforms take the chunk's memory away when they send it.
    kept.push(new Uint8Array(chunk));
    // A player that is still at the beginning holds on to the old list: nothing is missing from it.
    if (size > RECORDED) kept = [];
  };
  const stop = (mine: number): void => {
    if (mine !== turn) return;
    stopped = true;
    if (released) reader.cancel();
  };
  return {
    play() {
      if (size > RECORDED) gone();
      stopped = false;
      return player(kept, ++turn, read, stop);
    },
    async fill() {
      while (size <= RECORDED) if ((await read(turn)) === undefined) return true;
      reader.cancel();
      return false;
    },
    release() {
      released = true;
      if (stopped) reader.cancel();
    },
  };
}

function player(
  kept: readonly Uint8Array[],
  turn: number,
  read: (turn: number) => Promise<Uint8Array | undefined>,
  stop: (turn: number) => void,
): ReadableStream<Uint8Array> {
  let position = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const again = kept[position++];
      const chunk = again ?? (await read(turn));
      if (chunk === undefined) controller.close();
      else controller.enqueue(again === undefined ? chunk : again.slice());
    },
    // The source stays open: a server that answers 401 early leaves a rest for the replay to send.
    cancel: () => stop(turn),
  });
}

function readerOf(source: ReadableStream<Uint8Array>): {
  next(): Promise<Uint8Array | undefined>;
  cancel(): void;
} {
  if (typeof source.getReader === 'function') {
    const reader = source.getReader();
    return {
      next: () => reader.read().then(({ value }) => toBytes(value)),
      cancel: () => void reader.cancel().catch(() => {}),
    };
  }
  // Node's own streams and async generators: undici takes them, so we do.
  const iterator = (source as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  return {
    next: () =>
      iterator.next().then(({ value, done }) => (done === true ? undefined : toBytes(value as Uint8Array))),
    cancel: () => void iterator.return?.()?.catch(() => {}),
  };
}

function toBytes(chunk: Uint8Array | string | undefined): Uint8Array | undefined {
  return typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}

/** The body cannot be sent again. */
export function gone(): never {
  throw new ConfigError('BODY_NOT_REPLAYABLE', {
    message:
      'The request has to be sent again, but its body was a stream of more than 64 KiB that is gone. ' +
      'Pass the body as a function that makes a new stream: body: () => stream.',
  });
}
