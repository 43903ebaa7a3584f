import { expect, test } from 'vitest';
import type * as Valet from '../../src/index.ts';
import { createRoom, type Room } from './room.ts';

const KEY = 'key-0123456789abcdef';

interface Site {
  readonly page: string;
  readonly api: string;
  readonly other: string;
  readonly key: string;
  readonly redirect: string;
}

/** Runs in the worker, as text: it knows nothing but its two arguments. */
type Job<T> = (valet: typeof Valet, site: Site) => Promise<T>;

/** Runs `job` in a worker whose script is a blob, where a bundler puts workers that have no file of their own. */
async function inBlobWorker<T>(site: Site, job: Job<T>): Promise<T> {
  const library = new URL('../../src/index.ts', import.meta.url).href;
  const script = `
    import * as valet from ${JSON.stringify(library)};
    const job = ${job.toString()};
    job(valet, ${JSON.stringify(site)}).then(
      (result) => postMessage({ result }),
      (error) => postMessage({ failure: String(error) }),
    );
  `;
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module' });
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }: MessageEvent<{ result: T; failure?: string }>) =>
        data.failure === undefined ? resolve(data.result) : reject(new Error(data.failure));
    });
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
}

function createSite(): { readonly room: Room; readonly site: Site } {
  const room = createRoom();
  const redirect = room.to(`${room.other}/echo`, 307);
  const { api, other } = room;
  return { room, site: { page: window.location.origin, api, other, key: KEY, redirect } };
}

test('relative URLs go to the origin of the page, where the platform knows no way', async () => {
  const { site } = createSite();

  const seen = await inBlobWorker(site, async ({ Client }, { key }) => {
    const sent: (string | null)[] = [];
    const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const request = new Request(input, init);
      sent.push(request.url, request.headers.get('x-api-key'));
      return new Response();
    };
    const logger = { debug: () => {}, warn: () => {} };
    await new Client(key, { logger, runtime: { fetch } }).fetch('x');
    await new Client(key, { logger, runtime: { fetch } }).get('/y');
    await new Client(key, { baseUrl: '/api', logger, runtime: { fetch } }).fetch('z');
    const natively = await globalThis.fetch('/x').catch((error: unknown) => (error as Error).name);
    return { scheme: new URL(self.location.href).protocol, natively, sent };
  });

  expect(seen).toEqual({
    scheme: 'blob:',
    natively: 'TypeError',
    sent: [`${site.page}/x`, KEY, `${site.page}/y`, KEY, `${site.page}/api/z`, KEY],
  });
});

test('without a base URL a worker really reaches the server of its page', async () => {
  const { site } = createSite();

  const reached = await inBlobWorker(site, async ({ Client }, { key }) => {
    const client = new Client(key, { logger: { debug: () => {}, warn: () => {} } });
    const { name } = await client.get('package.json').json<{ name: string }>();
    return [name, (await client.fetch('/package.json')).url];
  });

  expect(reached).toEqual(['fetch-valet', `${site.page}/package.json`]);
});

test('the key goes to its origin, and to no other that a worker can name', async () => {
  const { room, site } = createSite();

  const outcomes = await inBlobWorker(site, async ({ apiKey, Client }, { api, other, key, page }) => {
    const logger = { debug: () => {}, warn: () => {} };
    const codes: string[] = [];
    for (const place of ['header', 'query'] as const) {
      const client = new Client(apiKey(key, { in: place }), { baseUrl: api, logger });
      const { host } = new URL(other);
      for (const input of [
        `${other}/echo`,
        `//${host}/echo`,
        self.location.href,
        `blob:${api}/x`,
        `${page}/x`,
        'data:,x',
      ]) {
        const code = await client.fetch(input).then(
          ({ url }) => `sent to ${url}`,
          (error: unknown) => `${(error as { code?: string }).code} ${String(error).includes(key)}`,
        );
        codes.push(code);
      }
      codes.push(String((await client.fetch('echo')).status));
    }
    return codes;
  });

  const refused = Array<string>(6).fill('ORIGIN_NOT_ALLOWED false');
  expect(outcomes).toEqual([...refused, '200', ...refused, '200']);
  expect(await room.all('api')).toContain(KEY);
  expect(await room.all('other')).toBe('[]');
});

test('a redirect carries no key away', async () => {
  const { room, site } = createSite();

  const codes = await inBlobWorker(site, async ({ apiKey, Client }, { api, key, redirect }) => {
    const logger = { debug: () => {}, warn: () => {} };
    const found: string[] = [];
    for (const place of ['header', 'query'] as const) {
      const client = new Client(apiKey(key, { in: place }), { baseUrl: api, logger });
      for (const init of [{}, { method: 'POST', body: 'the body' }])
        await client
          .fetch(redirect, init)
          .catch((error: unknown) => found.push((error as { code: string }).code));
    }
    return found;
  });

  expect(codes).toEqual(Array(4).fill('REDIRECT_REFUSED'));
  expect(await room.all('other')).toBe('[]');
});

test('the cache keeps nothing of a user, and a secret key does not start', async () => {
  const { site } = createSite();

  const found = await inBlobWorker(site, async ({ apiKey, Client }, { api, key }) => {
    const names: string[] = [];
    for (const name of ['ada', 'ben']) {
      const client = new Client(() => `token-of-${name}-0123456789`, { baseUrl: api });
      names.push((await client.get('me').json<{ name: string }>()).name);
    }
    try {
      new Client(apiKey(key, { secret: true }), { baseUrl: api });
      return [...names, 'it started'];
    } catch (error) {
      return [...names, (error as { code: string }).code];
    }
  });

  expect(found).toEqual(['ada', 'ben', 'SECRET_IN_BROWSER']);
});
