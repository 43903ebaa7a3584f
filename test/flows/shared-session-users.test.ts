import { expect, test } from 'vitest';
import type { TokenProvider } from '../../src/contracts.ts';
import { createMemoryStore } from '../../src/stores/memory.ts';
import { sharedStore } from '../../src/stores.ts';
import { createManualClock, settle } from '../support/clock.ts';
import { createJwt } from '../support/jwt.ts';
import { countingProvider, createTokenValet, type TokenValet } from '../support/token-valet.ts';

interface Tabs {
  /** The tab in which users log in. */
  readonly first: TokenValet;
  /** The tab that takes over, with a source of its own. */
  readonly second: TokenValet;
  /** The source of the second tab tells that its state changed. */
  readonly change: () => void;
}

function createTabs(provider: TokenProvider): Tabs {
  const clock = createManualClock();
  const store = sharedStore(createMemoryStore({ clock }));
  let change = (): void => {};
  const source = {
    getToken: provider,
    subscribe(changed: () => void) {
      change = changed;
      return () => {};
    },
  };
  return {
    first: createTokenValet(countingProvider(), { clock, store }),
    second: createTokenValet(source, { clock, store }),
    change: () => change(),
  };
}

const tokenOf = (sub: string, jti = 'first'): string => createJwt({ sub, jti });

test('a refresh that names another user than the token that was taken over is a switch (rule T8)', async () => {
  const { first, second } = createTabs(() => ({ token: tokenOf('bob') }));
  await first.client.session.signIn({ token: tokenOf('ada') });
  await second.request();
  expect(second.client.session.snapshot).toMatchObject({ user: { id: 'ada' } });

  await second.client.session.refresh();

  expect(second.client.session.snapshot).toMatchObject({ user: { id: 'bob' } });
  expect(second.events.filter((name) => name === 'userchange')).toHaveLength(2);
});

test('what is stored is not believed by whose source has changed and was not asked since (rule T8)', async () => {
  const { first, second, change } = createTabs(() => ({ token: tokenOf('ada', 'mine') }));
  change();
  await first.client.session.signIn({ token: tokenOf('ada') });
  await settle();
  expect(second.client.session.snapshot).toMatchObject({ user: { id: 'ada' } });

  expect(await second.request()).toBe(200);

  expect(second.asked).toHaveLength(1);
  expect(second.sent).toEqual([`Bearer ${tokenOf('ada', 'mine')}`]);
});

test('what is stored is believed again once the source that changed has been asked', async () => {
  const { first, second, change } = createTabs(() => ({ token: tokenOf('ada', 'mine') }));
  change();
  await second.request();
  await settle();

  await first.client.session.signIn({ token: tokenOf('ada', 'newer') });
  await settle();
  await second.request();

  expect(second.asked).toHaveLength(1);
  expect(second.sent.at(-1)).toBe(`Bearer ${tokenOf('ada', 'newer')}`);
});

test('the token that told who the user is is the first to be renewed, also where the session was taken over', async () => {
  const clock = createManualClock();
  const store = sharedStore(createMemoryStore({ clock }));
  const provider: TokenProvider = ({ audience = 'plain' }) => ({ token: tokenOf('ada', audience) });
  const options = { auth: { audience: 'orders' } };
  await createTokenValet(provider, { clock, store, options }).request();
  await settle();
  const { client, asked } = createTokenValet(provider, { clock, store });
  await client.fetch('/');
  await settle();

  await client.session.refresh();

  expect(asked.map(({ audience }) => audience)).toEqual([undefined, 'orders', undefined]);
});
