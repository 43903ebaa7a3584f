/** What runs in the browser. Tests use it through `globalThis.rendered`. */
import { hydrateRoot } from 'react-dom/client';
import { memberClient, tokensOf } from '../../support/members.ts';
import { Document } from './document.tsx';

export interface Rendered {
  /** What React had to say of the page that it was given. */
  readonly told: string[];
  /** Lets the session find out who is there. */
  release(): void;
  /** Resolves when the status on the page is `expected`. */
  becomes(expected: string): Promise<void>;
  /** Whether the heading is the one that the server has sent. */
  isSameHeading(): boolean;
  text(id: string): string;
}

const [, id] = /\buser=(\w+)/.exec(document.cookie) ?? [];
const heading = document.querySelector('h1');
const told: string[] = [];
const gate = Promise.withResolvers<void>();
const platformError = console.error;
console.error = (...words: unknown[]) => {
  told.push(words.join(' '));
  platformError(...words);
};

const client = memberClient(async () => {
  await gate.promise;
  return id === undefined ? null : tokensOf(id);
});
// A login that is at hand at once, as from a store, is known before anything is hydrated.
if (location.search === '?early') {
  gate.resolve();
  await client.session.ready;
}
hydrateRoot(document, <Document client={client} greets={id !== undefined} />, {
  onRecoverableError: (error) => told.push(String(error)),
});

const text = (name: string): string => document.getElementById(name)?.innerText ?? '';
const rendered: Rendered = {
  told,
  release: () => gate.resolve(),
  becomes: (expected) =>
    new Promise((resolve) => {
      const look = (): void => {
        if (text('status') !== expected) return;
        observer.disconnect();
        // React may have more to do for this very change.
        requestAnimationFrame(() => setTimeout(resolve));
      };
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, characterData: true });
      look();
    }),
  isSameHeading: () => heading !== null && heading === document.querySelector('h1'),
  text,
};

Object.assign(globalThis, { rendered });
