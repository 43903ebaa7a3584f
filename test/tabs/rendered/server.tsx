/** What runs on the server: each request has a client of its own. */
import type { Writable } from 'node:stream';
import { version } from 'react';
import { renderToPipeableStream } from 'react-dom/server';
import { memberClient, tokensOf } from '../../support/members.ts';
import { Document } from './document.tsx';

export { version };

export interface RenderOptions {
  /** Who the cookie says is there. */
  readonly id: string | undefined;
  readonly onError: (error: unknown) => void;
}

export function render(response: Writable, { id, onError }: RenderOptions): void {
  const client = memberClient(() => (id === undefined ? null : tokensOf(id)));
  const { pipe } = renderToPipeableStream(<Document client={client} greets={id !== undefined} />, {
    bootstrapModules: ['/browser.js'],
    onShellReady: () => void pipe(response),
    onError,
  });
}
