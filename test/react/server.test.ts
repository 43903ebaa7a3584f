import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createElement, type ReactNode, Suspense, version } from 'react';
import { renderToPipeableStream } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Client, type TokenProvider, ValetError } from '../../src/index.ts';
import { createClientContext } from '../../src/react.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { ANN, type Member, memberClient, tokensOf } from '../support/members.ts';
import { quiet } from '../support/quiet.ts';

const members = createClientContext<Client<Member>>();

const Name = (): ReactNode => createElement('h1', null, members.useUser().name);
const Status = (): ReactNode => createElement('p', null, members.useSession().status);

interface Rendered {
  readonly html: string;
  readonly errors: readonly unknown[];
}

/** Renders as a server does: one client for each request. `sent` is told what has been sent so far, and may give up. */
async function render(
  client: Client<Member>,
  children: ReactNode,
  sent: (html: string, giveUp: () => void) => void = () => {},
): Promise<Rendered> {
  const errors: unknown[] = [];
  const body = new PassThrough();
  let html = '';
  body.setEncoding('utf8').on('data', (text: string) => {
    html += text;
    sent(html, abort);
  });
  // React 19 sends nothing of a root that waits as a whole.
  const main = createElement('main', null, children);
  const { pipe, abort } = renderToPipeableStream(createElement(members.ClientProvider, { client }, main), {
    onShellReady: () => pipe(body),
    onError: (error) => void errors.push(error),
  });
  await finished(body);
  return { html, errors };
}

const parts = { loading: 'loading', signedOut: 'signed out' };

test('it is the React that the project says', ({ task }) => {
  const expected = task.file.projectName?.includes('react18') ? '18.' : '19.';
  expect(version.startsWith(expected)).toBe(true);
});

test.each([
  ['nobody is asked for', () => memberClient(() => null)],
  ['a user is signed in', () => memberClient(() => ANN, {}, { initial: ANN })],
  ['a key is used', () => new Client('key-0123456789', { logger: quiet }) as Client<Member>],
])('a server renders the same where %s: it is loading', async (_, make) => {
  const client = make();
  const gate = createElement(members.Session, { ...parts, key: 'gate' }, createElement(Name));
  const { html, errors } = await render(client, [gate, createElement(Status, { key: 'status' })]);
  expect({ html, errors }).toEqual({ html: '<main>loading<p>loading</p></main>', errors: [] });
});

test('a server does not ask for what it does not wait for', async () => {
  let asked = 0;
  const provider: TokenProvider = () => {
    asked += 1;
    return ANN;
  };
  await render(memberClient(provider), createElement(members.Session, parts, createElement(Name)));
  await settle();
  expect(asked).toBe(0);
});

test('useUser is waited for, and streamed when it is known', async () => {
  const answer = Promise.withResolvers<typeof ANN>();
  const client = memberClient(() => answer.promise);
  const waiting = Promise.withResolvers<string>();
  const page = render(
    client,
    createElement(Suspense, { fallback: '…' }, createElement(Name)),
    waiting.resolve,
  );
  const shell = await waiting.promise;
  expect(shell).toContain('…');
  expect(shell).not.toContain('Ann');
  answer.resolve(ANN);
  const { html, errors } = await page;
  expect(html).toContain('<h1>Ann</h1>');
  expect(errors).toEqual([]);
});

test('useUser of a user who is known already is in the shell', async () => {
  const client = memberClient(() => null, {}, { initial: ANN });
  const { html } = await render(client, createElement(Suspense, { fallback: '…' }, createElement(Name)));
  expect(html).toContain('<h1>Ann</h1>');
  expect(html).not.toContain('…');
});

test('useUser without a user is an error of its boundary, and the browser has a try of its own', async () => {
  const client = memberClient(() => null);
  const { html, errors } = await render(
    client,
    createElement(Suspense, { fallback: 'sign in' }, createElement(Name)),
  );
  expect(html).toContain('sign in');
  expect(errors.map((error) => ValetError.is(error) && error.code)).toEqual(['SIGNED_OUT']);
});

test('a token endpoint that is down is waited for until the server gives up, and the browser tries itself', async () => {
  const client = memberClient(() => new Response(null, { status: 503 }), {
    runtime: { clock: createManualClock() },
  });
  const { html, errors } = await render(
    client,
    createElement(Suspense, { fallback: 'one moment' }, createElement(Name)),
    (sent, giveUp) => void (sent.includes('one moment') && giveUp()),
  );
  expect(html).toContain('one moment');
  expect(html).not.toContain('<h1>');
  // That it was given up, and not that nobody is signed in.
  expect(errors.map((error) => ValetError.is(error))).toEqual([false]);
  expect(client.session.snapshot.status).toBe('loading');
});

test('two requests at once see each their own user', async () => {
  const pages = ['ann', 'ben'].map((id) =>
    render(
      memberClient(async () => tokensOf(id)),
      createElement(Suspense, { fallback: '…' }, createElement(Name)),
    ),
  );
  const [ann, ben] = await Promise.all(pages);
  expect([ann?.html.match(/<h1>\w+/)?.[0], ben?.html.match(/<h1>\w+/)?.[0]]).toEqual(['<h1>Ann', '<h1>Ben']);
});
