import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runProgram } from '../../examples/demo/run-program.ts';
import { startPublicDataApi } from '../../examples/servers/public-data-api.ts';

const patience = 30_000;
const KEY = 'tz_live_0123456789+abc/=WXYZ';

interface Running {
  readonly origin: string;
  /** Everything the program has written so far. */
  readonly output: () => string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the program of the example, up to the line that says where it listens. */
async function start(url: string, key: string): Promise<Running> {
  const path = fileURLToPath(new URL('../../examples/server-keeps-the-key.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path], {
    env: { ...process.env, TIME_ZONES_URL: url, TIME_ZONES_KEY: key, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const origin = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += line;
      const [, found] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
    void exit.then(() => reject(new Error(`The program ended: ${output}`)));
  });
  const stop = async (): Promise<void> => {
    child.kill();
    await exit;
  };
  return { origin, output: () => output, [Symbol.asyncDispose]: stop };
}

/** Status, headers and body of an answer, as a browser would get them. */
async function everythingOf(url: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(url, init);
  const text = `${response.url} ${JSON.stringify([...response.headers])} ${await response.text()}`;
  return { status: response.status, text };
}

/** The key, its end, and what it looks like on the way. */
const FORMS = [KEY, KEY.slice(-4), encodeURIComponent(KEY), btoa(KEY), 'tz_live'];

test(
  'the page gets its data, and nothing that reaches a browser holds the key',
  async () => {
    const api = await startPublicDataApi({ keys: [KEY] });
    await using server = await start(api.url, KEY);

    const page = await everythingOf(`${server.origin}/`);
    const script = await everythingOf(`${server.origin}/page.js`);
    const zones = await everythingOf(`${server.origin}/zones?country=KZ`);
    await api.close();

    expect([page.status, script.status, zones.status]).toEqual([200, 200, 200]);
    expect(zones.text).toContain('Asia/Almaty');
    for (const form of FORMS)
      expect(page.text + script.text + zones.text + server.output()).not.toContain(form);
    expect(api.requests).toEqual([
      { method: 'GET', path: '/v1/zones?country=KZ', keyFrom: 'header', status: 200 },
    ]);
  },
  patience,
);

test(
  'the server is no relay: nobody else’s path, query, method or header reaches the API',
  async () => {
    const api = await startPublicDataApi({ keys: [KEY] });
    await using server = await start(api.url, KEY);
    const asked: { status: number; text: string }[] = [];

    for (const path of [
      '/countries',
      '/zones/..%2Fcountries',
      '/zones?country=..%2Fcountries',
      '/zones?country=KZ%26limit%3D1',
      '/zones?country=kz',
      '/zones?country=',
      '/zones',
      '//evil.example/zones?country=KZ1',
      '/v1/zones?country=KZ',
    ])
      asked.push(await everythingOf(`${server.origin}${path}`));
    asked.push(await everythingOf(`${server.origin}/zones?country=KZ`, { method: 'POST', body: 'x' }));
    const raw = await rawRequest(server.origin, 'GET http://evil.example/zones?country=KZ1 HTTP/1.1');
    await everythingOf(`${server.origin}/zones?country=KZ&limit=1&appid=other`, {
      headers: { 'x-api-key': 'other', authorization: 'Bearer other' },
    });
    await api.close();

    expect(asked.map(({ status }) => status).filter((status) => status < 400)).toEqual([]);
    expect(raw).toMatch(/^HTTP\/1\.1 4/);
    for (const form of FORMS) expect(asked.map(({ text }) => text).join() + raw).not.toContain(form);
    expect(api.requests).toEqual([
      { method: 'GET', path: '/v1/zones?country=KZ', keyFrom: 'header', status: 200 },
    ]);
  },
  patience,
);

test(
  'when the API refuses the key or is down, the page hears nothing of either, and the console nothing of the key',
  async () => {
    const api = await startPublicDataApi({ keys: ['another'] });
    await using server = await start(api.url, KEY);

    const refused = await everythingOf(`${server.origin}/zones?country=KZ`);
    await api.close();
    const down = await everythingOf(`${server.origin}/zones?country=KZ`);

    expect([refused.status, down.status]).toEqual([502, 502]);
    for (const form of [...FORMS, api.origin, 'not known'])
      expect(refused.text + down.text).not.toContain(form);
    expect(server.output()).toContain('HTTP_ERROR');
    // The last four characters are there on purpose: people tell their keys apart by them.
    for (const form of FORMS.filter((each) => each !== KEY.slice(-4)))
      expect(server.output()).not.toContain(form);
  },
  patience,
);

test(
  'without a key it does not start',
  async () => {
    const environment = { TIME_ZONES_URL: 'http://127.0.0.1:9', TIME_ZONES_KEY: undefined };
    const { code, lines } = await runProgram('server-keeps-the-key.ts', environment);

    expect(code).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('MISSING_API_KEY');
  },
  patience,
);

/** A request with a first line that `fetch` would never write. */
function rawRequest(origin: string, line: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => {
      socket.end(`${line}\r\nhost: evil.example\r\nconnection: close\r\n\r\n`);
    });
    socket
      .setEncoding('utf8')
      .on('data', (text: string) => {
        answer += text;
      })
      .once('close', () => resolve(answer))
      .once('error', reject);
  });
}
