import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Client } from 'fetch-valet';
import { Session, useClient, useUser } from 'fetch-valet/react';
import { createElement, Fragment, type ReactNode, Suspense } from 'react';
import { renderToPipeableStream } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Providers } from '../../examples/react/providers.tsx';

/** All that a server sends, once there is nothing to wait for any more. */
async function render(children: ReactNode): Promise<string> {
  const body = new PassThrough();
  const page = createElement(Providers, null, createElement('main', null, children));
  // Where nobody is signed in, useUser() throws: React tells of it, and sends the fallback.
  const { pipe } = renderToPipeableStream(page, { onShellReady: () => pipe(body), onError: () => {} });
  return text(body);
}

test('a server that renders the providers of the guide asks nobody, and waits for nobody', async () => {
  const Name = (): ReactNode => createElement('p', null, useUser().id);
  const html = await render(
    createElement(
      Fragment,
      null,
      createElement(Session, { loading: 'one moment' }, createElement(Name)),
      createElement(Suspense, { fallback: 'not here' }, createElement(Name)),
    ),
  );
  expect(html).toContain('one moment');
  expect(html).toContain('not here');
});

test('each page that a server renders has a client of its own', async () => {
  const clients = new Set<Client>();
  const Watch = (): ReactNode => {
    clients.add(useClient());
    return null;
  };
  await render(createElement(Watch));
  await render(createElement(Watch));
  expect(clients.size).toBe(2);
});
