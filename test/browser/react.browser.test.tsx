import { type ReactNode, StrictMode, Suspense, useEffect, version } from 'react';
import { expect, test } from 'vitest';
import { Client, type Session as ClientSession, SessionError } from '../../src/index.ts';
import {
  ClientProvider,
  createClientContext,
  Session,
  useClient,
  useSession,
  useUser,
} from '../../src/react.ts';
import { createManualClock } from '../support/clock.ts';
import { ANN, BEN, type Member, memberClient, tokensOf } from '../support/members.ts';
import { quiet } from '../support/quiet.ts';
import { createRoom } from './room.ts';
import { Boundary, painted, stage } from './stage.tsx';

const members = createClientContext<Client<Member>>();

function Name(): ReactNode {
  return <p>{members.useUser().name}</p>;
}

function Status(): ReactNode {
  return <p>{useSession().status}</p>;
}

const parts = { loading: <p>loading</p>, signedOut: <p>signed out</p> };

/** What an app shows: `children` to whoever is signed in. */
function gated(client: Client<Member>, children: ReactNode): ReactNode {
  return (
    <members.ClientProvider client={client}>
      <members.Session {...parts}>{children}</members.Session>
    </members.ClientProvider>
  );
}

test('it is the React that the project says', ({ task }) => {
  const expected = task.file.projectName?.includes('react18') ? '18.' : '19.';
  expect(version.startsWith(expected)).toBe(true);
});

test('a refresh renders nothing and leaves the snapshot as it is', async () => {
  let asked = 0;
  const client = memberClient(() => {
    asked += 1;
    return tokensOf('ann', `token-${asked}`);
  });
  let renders = 0;
  function Counted(): ReactNode {
    renders += 1;
    return <Name />;
  }
  const page = stage(gated(client, <Counted />));
  await page.shows('Ann');
  const { snapshot } = client.session;
  const rendered = renders;

  await client.session.refresh();
  await client.session.refresh();
  await painted();

  expect(asked).toBe(3);
  expect(client.session.snapshot).toBe(snapshot);
  expect(renders).toBe(rendered);
});

test.each([
  ['useClient', () => useClient().session.snapshot.status],
  ['useSession', () => useSession().status],
  ['useUser', () => useUser().id],
  ['Session', () => <Session />],
] as const)('outside of a provider %s says how to mend it', async (_, Part) => {
  const page = stage(
    <Boundary>
      <Part />
    </Boundary>,
  );
  await page.shows('NO_PROVIDER');
});

test('StrictMode asks the provider once', async () => {
  let asked = 0;
  const client = memberClient(async () => {
    asked += 1;
    return ANN;
  });
  const page = stage(
    <StrictMode>
      {gated(
        client,
        <Suspense>
          <Name />
        </Suspense>,
      )}
    </StrictMode>,
  );
  await page.shows('Ann');
  await painted();
  expect(asked).toBe(1);
});

test('useUser suspends once, until it is known who is there', async () => {
  let asked = 0;
  let fallbacks = 0;
  const answer = Promise.withResolvers<typeof ANN>();
  const client = memberClient(() => {
    asked += 1;
    return answer.promise;
  });
  function Fallback(): ReactNode {
    useEffect(() => {
      fallbacks += 1;
    }, []);
    return <p>just a moment</p>;
  }
  const tree = (
    <members.ClientProvider client={client}>
      <Suspense fallback={<Fallback />}>
        <Name />
      </Suspense>
    </members.ClientProvider>
  );
  const page = stage(tree);
  await page.shows('just a moment');
  answer.resolve(ANN);
  await page.shows('Ann');
  await client.session.refresh();
  await painted();

  expect(page.text).toBe('Ann');
  expect({ asked, fallbacks }).toEqual({ asked: 2, fallbacks: 1 });
});

test('while it is not known who is there, all who wait are given one promise', () => {
  const { session } = memberClient(() => new Promise(() => {}));
  expect(session.ready).toBe(session.ready);
});

test('useUser throws SIGNED_OUT to the error boundary', async () => {
  const client = memberClient(() => null);
  const page = stage(
    <members.ClientProvider client={client}>
      <Boundary>
        <Suspense fallback="…">
          <Name />
        </Suspense>
      </Boundary>
    </members.ClientProvider>,
  );
  await page.shows('SIGNED_OUT');
});

test('what is in a Session is mounted anew for another user, and for nothing else', async () => {
  const client = memberClient(() => ANN);
  const page = stage(
    gated(
      client,
      <>
        <Name />
        <input />
      </>,
    ),
  );
  await page.shows('Ann');
  const input = page.find<HTMLInputElement>('input');
  input.value = 'a draft of Ann';

  await client.session.refresh();
  await client.session.signIn(tokensOf('ann', 'another'));
  await painted();
  expect(page.find('input')).toBe(input);

  await client.session.signIn(BEN);
  await page.shows('Ben');
  expect(page.find('input')).not.toBe(input);
  expect(page.find<HTMLInputElement>('input').value).toBe('');
});

test('at a sign-out nothing in a Session is rendered without a user', async () => {
  const client = memberClient(() => ANN);
  const seen: (string | undefined)[] = [];
  function Watch(): ReactNode {
    const snapshot = members.useSession();
    seen.push('user' in snapshot ? snapshot.user.id : undefined);
    return <Name />;
  }
  const page = stage(<Boundary>{gated(client, <Watch />)}</Boundary>);
  await page.shows('Ann');
  await client.signOut();
  await page.shows('signed out');
  await client.session.signIn(BEN);
  await page.shows('Ben');
  expect(new Set(seen)).toEqual(new Set(['ann', 'ben']));
});

test('where nobody is signed in, the part for who is signed out is shown', async () => {
  const page = stage(
    gated(
      memberClient(() => null),
      <Name />,
    ),
  );
  await page.shows('signed out');
});

test('a token endpoint that is down is waited for', async () => {
  const clock = createManualClock();
  let isDown = true;
  const client = memberClient(() => (isDown ? new Response(null, { status: 503 }) : ANN), {
    runtime: { clock },
  });
  const page = stage(gated(client, <Name />));
  await page.shows('loading');
  await clock.advance(10_000);
  expect(page.text).toBe('loading');
  isDown = false;
  await clock.advance(60_000);
  await page.shows('Ann');
});

/** An app with a form, on a session that is about to end. */
function createForm(): { readonly client: Client<Member>; readonly tree: ReactNode } {
  const room = createRoom();
  const client = memberClient(
    () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
    { baseUrl: room.api, whenSessionEnds: 'hold' },
    { initial: tokensOf('ann', 'old') },
  );
  function Form(): ReactNode {
    const api = members.useClient();
    const { name } = members.useUser();
    const send = async (form: HTMLFormElement): Promise<void> => {
      const body = new FormData(form);
      const { status } = await api.post('guarded', { body }).catch((error: Error) => error as never);
      form.dataset.answer = String(status);
    };
    return (
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send(event.currentTarget);
        }}
      >
        <p>{name}</p>
        <input name="note" />
      </form>
    );
  }
  const tree = (
    <members.ClientProvider client={client}>
      <members.Session {...parts} ended={(error) => <dialog open>{(error as SessionError).code}</dialog>}>
        <Form />
      </members.Session>
    </members.ClientProvider>
  );
  return { client, tree };
}

test('a session that ends leaves the form, and what it sent goes on after the same user’s return', async () => {
  const { client, tree } = createForm();
  const page = stage(tree);
  await page.shows('Ann');
  const form = page.find<HTMLFormElement>('form');
  page.find<HTMLInputElement>('input').value = 'a long note';
  form.requestSubmit();
  await page.shows('Ann | SESSION_ENDED');

  await client.session.signIn(ANN);
  await page.shows('Ann');
  expect(page.find('form')).toBe(form);
  expect(page.find<HTMLInputElement>('input').value).toBe('a long note');
  await expect.poll(() => form.dataset.answer).toBe('200');
});

test('a session that ends takes the form along when another user comes', async () => {
  const { client, tree } = createForm();
  const page = stage(tree);
  await page.shows('Ann');
  const form = page.find<HTMLFormElement>('form');
  form.requestSubmit();
  await page.shows('Ann | SESSION_ENDED');

  await client.session.signIn(BEN);
  await page.shows('Ben');
  expect(page.find('form')).not.toBe(form);
});

test('without a part for ended sessions there is the one for who is signed out', async () => {
  const client = memberClient(() => Promise.reject(new SessionError('SESSION_ENDED')), {}, { initial: ANN });
  const page = stage(gated(client, <Name />));
  await page.shows('Ann');
  await expect(client.session.refresh()).rejects.toMatchObject({ code: 'SESSION_ENDED' });
  await page.shows('signed out');
});

test('a client with a key is signed in as the service', async () => {
  const client = new Client('key-0123456789', { logger: quiet });
  const page = stage(
    <ClientProvider client={client}>
      <Session {...parts}>
        <Status />
      </Session>
    </ClientProvider>,
  );
  await page.shows('signed-in');
});

test('two contexts do not know each other', async () => {
  const shop = new Client('key-0123456789', { logger: quiet });
  const client = memberClient(() => null);
  function Both(): ReactNode {
    return (
      <p>
        {useSession().status} {members.useSession().status} {String(useClient() === shop)}
      </p>
    );
  }
  const page = stage(
    <ClientProvider client={shop}>
      <members.ClientProvider client={client}>
        <Both />
      </members.ClientProvider>
    </ClientProvider>,
  );
  await page.shows('signed-in signed-out true');
});

test('another client is listened to in the place of the one before, and none after the last', async () => {
  const listened = new Map<string, number>();
  let subscriptions = 0;
  const owner = (id: string): { readonly session: ClientSession } => ({
    session: Object.create(new Client('key-0123456789', { logger: quiet }).session, {
      snapshot: { value: { status: 'signed-in', user: { id } } },
      subscribe: {
        value: () => {
          subscriptions += 1;
          listened.set(id, (listened.get(id) ?? 0) + 1);
          return () => listened.set(id, (listened.get(id) ?? 0) - 1);
        },
      },
    }) as ClientSession,
  });
  const own = createClientContext<{ readonly session: ClientSession }>();
  const Id = (): ReactNode => own.useUser().id;
  const tree = (client: { readonly session: ClientSession }): ReactNode => (
    <own.ClientProvider client={client}>
      <Id />
    </own.ClientProvider>
  );
  const first = owner('first');
  const page = stage(tree(first));
  await page.shows('first');
  page.render(tree(first));
  await expect.poll(() => Object.fromEntries(listened)).toEqual({ first: 1 });
  page.render(tree(owner('second')));
  await page.shows('second');
  await expect.poll(() => Object.fromEntries(listened)).toEqual({ first: 0, second: 1 });
  page.unmount();
  await expect.poll(() => Object.fromEntries(listened)).toEqual({ first: 0, second: 0 });
  expect(subscriptions).toBe(2);
});
