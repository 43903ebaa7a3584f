import { onTestFinished } from 'vitest';
import type { Stage } from './stage.tsx';

/** Each frame from now on, as a user reads it. */
export function watchFrames(page: Stage): string[] {
  const frames: string[] = [];
  let next = requestAnimationFrame(function look() {
    frames.push(page.text);
    next = requestAnimationFrame(look);
  });
  onTestFinished(() => cancelAnimationFrame(next));
  return frames;
}

interface Watched {
  readonly page: Stage;
  readonly frames: string[];
}

/** What is on the page when the task of `change` is over: the first that a frame can show. Forgets frames before it. */
export async function rightAfter({ page, frames }: Watched, change: () => unknown): Promise<string> {
  const { port1, port2 } = new MessageChannel();
  const read = new Promise<string>((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve(page.text);
    };
  });
  port2.postMessage('the next task');
  frames.length = 0;
  change();
  return read;
}
