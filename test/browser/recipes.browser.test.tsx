import { accessToken, Client } from 'fetch-valet';
import { ClientProvider, type RegisteredClient as Members, Session } from 'fetch-valet/react';
import type { ReactNode } from 'react';
import { unload } from 'swr';
import { expect, onTestFinished, test } from 'vitest';
import * as apolloRecipe from '../../examples/react/apollo.tsx';
import { createShop } from '../../examples/react/rtk-query.tsx';
import * as swrRecipe from '../../examples/react/swr.tsx';
import * as urqlRecipe from '../../examples/react/urql.tsx';
import { ANN, BEN, readMember } from '../support/members.ts';
import { rightAfter, watchFrames } from './frames.ts';
import { createRoom } from './room.ts';
import { painted, type Stage, stage } from './stage.tsx';

interface Recipe {
  readonly tree: ReactNode;
  readonly off?: () => void;
}

const gate = (children: ReactNode): ReactNode => <Session signedOut={<p>signed out</p>}>{children}</Session>;

/** Its cache is one for the whole page. */
function swr(client: Members, tree: ReactNode): Recipe {
  unload({ revalidate: false });
  return { tree, off: swrRecipe.bindSwr(client) };
}

const recipes = {
  'SWR in a Session': (client: Members): Recipe => swr(client, gate(<swrRecipe.Me />)),
  'SWR outside of any Session': (client: Members): Recipe => swr(client, <swrRecipe.Me />),
  'RTK Query in a Session': (client: Members, url: string): Recipe => {
    const { Me, StoreProvider, off } = createShop(client, url);
    return { tree: <StoreProvider>{gate(<Me />)}</StoreProvider>, off };
  },
  'RTK Query outside of any Session': (client: Members, url: string): Recipe => {
    const { Me, StoreProvider, off } = createShop(client, url);
    return {
      tree: (
        <StoreProvider>
          <Me />
        </StoreProvider>
      ),
      off,
    };
  },
  'Apollo in a Session': (client: Members, url: string): Recipe => {
    const { apollo, off } = apolloRecipe.createGraph(client, `${url}/graphql`);
    return {
      tree: (
        <apolloRecipe.GraphProvider apollo={apollo}>{gate(<apolloRecipe.Me />)}</apolloRecipe.GraphProvider>
      ),
      off,
    };
  },
  'urql in a Session': (_: Members, url: string): Recipe => ({
    tree: <urqlRecipe.App url={`${url}/graphql`} />,
  }),
} as const;

interface App {
  readonly client: Members;
  readonly page: Stage;
  readonly frames: string[];
}

function start(make: (client: Members, url: string) => Recipe): App {
  const { api } = createRoom();
  const client = new Client(
    accessToken(() => null, { user: readMember, initial: ANN }),
    { baseUrl: api },
  );
  const { tree, off } = make(client, api);
  if (off) onTestFinished(off);
  const page = stage(<ClientProvider client={client}>{tree}</ClientProvider>);
  return { client, page, frames: watchFrames(page) };
}

test.each(Object.entries(recipes))('%s shows nothing of the user before after a switch', async (_, make) => {
  const app = start(make);
  await app.page.shows('ann');
  await painted();
  expect(await rightAfter(app, () => app.client.session.signIn(BEN))).not.toContain('ann');
  await app.page.shows('ben');
  await painted();
  expect(app.frames.filter((frame) => frame.includes('ann'))).toEqual([]);
});

test.each(Object.entries(recipes))(
  '%s shows nothing of the user before after a sign-out',
  async (_, make) => {
    const app = start(make);
    await app.page.shows('ann');
    await painted();
    expect(await rightAfter(app, () => app.client.signOut())).not.toContain('ann');
    await painted();
    expect(app.frames.length).toBeGreaterThan(0);
    expect(app.frames.filter((frame) => frame.includes('ann'))).toEqual([]);
    await app.client.session.signIn(BEN);
    await app.page.shows('ben');
  },
);
