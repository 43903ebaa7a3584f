/** `node stream-child.ts <case> <origin> <bytes>`: streams once, and prints how many bytes its memory grew by. */
import { Client } from 'fetch-valet';
import { accessToken, createFetch } from 'fetch-valet/fetch';
import ky from 'ky';
import type { StreamCase } from './streams.ts';

const CHUNK = new Uint8Array(64 * 1024).fill(7);
const [name = '', origin = '', size = '0'] = process.argv.slice(2);
const bytes = Number(size);

function source(length: number = bytes): ReadableStream<Uint8Array> {
  let left = length;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      left -= CHUNK.length;
      // A chunk of its own each time: what is kept by somebody then shows.
      controller.enqueue(CHUNK.slice());
    },
  });
}

/** A token that the server refuses first, where `old` says so. */
function strategy(old: boolean) {
  let issued = 0;
  return accessToken(() => ({
    accessToken: old && issued++ === 0 ? 'token-old' : 'token-new',
    expiresIn: 3600,
  }));
}

type Upload = (body: () => ReadableStream<Uint8Array>) => Promise<Response>;
const send = { method: 'POST', duplex: 'half' } as const;
const kyOptions = { redirect: 'error', timeout: false } as const;
const url = `${origin}/upload`;
const client = (old = false) => new Client(strategy(old), { baseUrl: origin, timeout: false });

const uploads: Record<Extract<StreamCase, `up ${string}`>, () => Upload> = {
  'up fetch': () => (body) => fetch(url, { ...send, body: body() }),
  "up fetch, redirect: 'error'": () => (body) => fetch(url, { ...send, body: body(), redirect: 'error' }),
  "up ky, redirect: 'error'": () => (body) => ky.post(url, { ...kyOptions, body: body() }),
  "up ky, redirect: 'error', retry: 0": () => (body) =>
    ky.post(url, { ...kyOptions, body: body(), retry: 0 }),
  'up createFetch, stream': () => {
    const valet = createFetch(strategy(false), { baseUrl: origin });
    return (body) => valet('upload', { method: 'POST', body: body() });
  },
  'up client.fetch, stream': () => {
    const api = client();
    return (body) => api.fetch('upload', { method: 'POST', body: body() });
  },
  'up client.fetch, () => stream': () => {
    const api = client();
    return (body) => api.fetch('upload', { method: 'POST', body });
  },
  'up client.fetch, () => stream, 401 first': () => {
    const api = client(true);
    return (body) => api.fetch('upload', { method: 'POST', body });
  },
  'up client.post, stream': () => {
    const api = client();
    return (body) => api.post('upload', { body: body() });
  },
  'up client.post, () => stream': () => {
    const api = client();
    return (body) => api.post('upload', { body });
  },
  'up client.post, () => stream, 401 first': () => {
    const api = client(true);
    return (body) => api.post('upload', { body });
  },
};

type Download = (path: string) => Promise<Response>;
const downloads: Record<Extract<StreamCase, `down ${string}`>, () => Download> = {
  'down fetch': () => (path) => fetch(`${origin}/${path}`),
  'down ky': () => (path) => ky.get(`${origin}/${path}`, { timeout: false }),
  'down client.fetch': () => client().fetch,
  'down client.get': () => {
    const api = client();
    return (path) => api.get(path);
  },
};

async function up(make: () => Upload): Promise<number> {
  // A small one first: what a client loads and keeps anyway is no growth.
  await (await make()(() => source(CHUNK.length))).json();
  return growth(async () => {
    const answer = (await (await make()(() => source())).json()) as { bytes: number };
    if (answer.bytes !== bytes) throw new Error(`${name}: ${answer.bytes} of ${bytes} bytes arrived`);
  });
}

async function down(make: () => Download): Promise<number> {
  await (await make()(`download?bytes=${CHUNK.length}`)).arrayBuffer();
  return growth(async () => {
    let read = 0;
    const { body } = await make()(`download?bytes=${bytes}`);
    if (body) for await (const chunk of body) read += chunk.length;
    if (read !== bytes) throw new Error(`${name}: ${read} of ${bytes} bytes arrived`);
  });
}

async function growth(work: () => Promise<void>): Promise<number> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  await work();
  clearInterval(timer);
  return Math.max(peak, process.memoryUsage.rss()) - before;
}

const upload = Object.hasOwn(uploads, name) ? uploads[name as keyof typeof uploads] : undefined;
const download = Object.hasOwn(downloads, name) ? downloads[name as keyof typeof downloads] : undefined;
console.log(upload ? await up(upload) : download ? await down(download) : Number.NaN);
