import { expect, test } from 'vitest';
import { ended, queried, signedIn } from '../../examples/react/signed-in.tsx';
import { stage } from './stage.tsx';

test('the snippets of the guide show what they say', async () => {
  const { shows, render } = stage(null);
  signedIn(render);
  await shows('ada: tea');
  const other = stage(null);
  const api = await ended(other.render);
  await other.shows('ada: | Log in again');
  await api.signOut();
  await other.shows('Log in');
});

test('the snippet of the guide with TanStack Query has another user’s orders fetched anew', async () => {
  const { shows, render } = stage(null);
  const api = queried(render);
  await shows('tea');
  expect(api.requests).toHaveLength(1);
  await api.signInAs({ id: 'bob' });
  await shows('tea');
  await expect.poll(() => api.requests.length).toBe(2);
  await api.signOut();
  await shows('Log in');
});
