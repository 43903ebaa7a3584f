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
    document: { cookie: '', visibilityState: 'visible', addEventListener() {}, removeEventListener() {} },
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
