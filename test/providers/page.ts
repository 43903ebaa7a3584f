import { createStorage } from '../support/storage.ts';

/** What SDKs for pages find in one. */
export interface Page {
  /** Where the page was sent. */
  readonly left: readonly string[];
}

/** Makes this process look like a page to those who look no further than they need. */
export function openPage(): Page {
  const left: string[] = [];
  const events = new EventTarget();
  const leave = (url: string | URL): void => void left.push(String(url));
  const url = new URL('https://shop.example/');
  const { href, origin, protocol, host, hostname, pathname, search, hash } = url;
  const globals = {
    window: globalThis,
    self: globalThis,
    top: globalThis,
    parent: globalThis,
    opener: null,
    innerWidth: 800,
    innerHeight: 600,
    location: {
      href,
      origin,
      protocol,
      host,
      hostname,
      pathname,
      search,
      hash,
      assign: leave,
      replace: leave,
    },
    history: { state: null, replaceState: () => {} },
    document: {
      cookie: '',
      visibilityState: 'visible',
      head: { appendChild() {}, removeChild() {} },
      createElement: () => ({}),
      addEventListener() {},
      removeEventListener() {},
    },
    sessionStorage: createStorage(),
    localStorage: createStorage(),
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
    dispatchEvent: events.dispatchEvent.bind(events),
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
  return { left };
}

/** From now on a window that goes to a page is answered at once, as by its user, over a channel of this page. */
export function openPopups(answer: (url: URL) => { readonly to: string; readonly payload: string }): void {
  const assign = (url: string): void => {
    const { to, payload } = answer(new URL(url));
    // The opener listens once it has sent the window there.
    setImmediate(() => {
      const channel = new BroadcastChannel(to);
      channel.postMessage({ v: 1, payload });
      channel.close();
    });
  };
  const value = (): object => ({ closed: false, document: {}, location: { assign }, focus() {}, close() {} });
  Object.defineProperty(globalThis, 'open', { value, writable: true, configurable: true });
}
