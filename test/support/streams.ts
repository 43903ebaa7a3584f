/** `total` bytes in chunks, each byte telling its place, so that a lost or doubled chunk shows. */
export function bytesFrom(start: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const part = RING.subarray((start + done) % PERIOD).subarray(0, length - done);
    bytes.set(part, done);
    done += part.length;
  }
  return bytes;
}

/** A prime, so that no chunk size fits into it. */
const PERIOD = 251;
const RING = Uint8Array.from({ length: PERIOD * 100 }, (_, index) => index % PERIOD);

/** A stream of `total` bytes that makes each chunk when it is asked for. */
export function streamOf(total: number, chunk = 16_384): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= total) return controller.close();
      const length = Math.min(chunk, total - sent);
      controller.enqueue(bytesFrom(sent, length));
      sent += length;
    },
  });
}

export async function* chunksOf(total: number, chunk = 16_384): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < total; sent += chunk) yield bytesFrom(sent, Math.min(chunk, total - sent));
}

/** Whether `body` is all of `streamOf(total)`. */
export function isWhole(body: Uint8Array | undefined, total: number): boolean {
  return body !== undefined && Buffer.from(bytesFrom(0, total)).equals(body);
}
