import { onReturn } from './web-return.ts';

/** Makes a channel to all pages and workers of an origin. */
export type OpenChannel = (name: string) => BroadcastChannel;

/** The channels of the platform, if it has them. */
export function platformChannels(): OpenChannel | undefined {
  const { BroadcastChannel: Channel } = globalThis as Partial<typeof globalThis>;
  return Channel && ((name) => new Channel(name));
}

/** Tells all who listen under `name`, in this page too. */
export function tell(open: OpenChannel, name: string): void {
  const channel = open(name);
  channel.postMessage('changed');
  channel.close();
}

/** Calls `changed` when somebody tells of a change, or may have while nobody could hear it. Returns `off`. */
export function listen(open: OpenChannel, name: string, changed: () => void): () => void {
  let channel: BroadcastChannel | undefined;
  const start = (): void => {
    channel ??= open(name);
    channel.onmessage = () => changed();
  };
  // A message would throw the page out of the back-forward cache.
  const stop = (): void => {
    channel?.close();
    channel = undefined;
  };
  const back = (): void => {
    start();
    changed();
  };
  start();
  const { addEventListener } = globalThis as Partial<typeof globalThis>;
  addEventListener?.('pagehide', stop);
  const off = onReturn(back);
  return () => {
    off();
    if (addEventListener) globalThis.removeEventListener('pagehide', stop);
    stop();
  };
}
