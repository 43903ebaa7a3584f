import { createHook } from 'node:async_hooks';
import ky from 'ky';
import { expect, test } from 'vitest';
import { createFetch } from '../../src/fetch.ts';
import { accessToken, apiKey, Client } from '../../src/index.ts';
import { BASE, formsOf, OPEN, outcomes, SECRET } from '../support/doors.ts';
import { createFakeFetch, ok, status } from '../support/fake-fetch.ts';
import { quiet } from '../support/quiet.ts';
import { startServer } from '../support/server.ts';

// What leads elsewhere

/** Every one of them starts, ends or reads like the allowed origin, and is another for `URL`. */
const ELSEWHERE: readonly string[] = [
  'https://evil.example/v1',
  'https://evil.example:443/https://api.example/v1/',
  'https://evil.example?https://api.example/v1/',
  'https://evil.example#https://api.example/v1/',
  'https://evil.example#@api.example/v1/',
  'https://evil.example?@api.example/v1/',
  'https://evil.example/@api.example/v1/',
  'https://evil.example\\@api.example/v1/',
  'https://evil.example\\.api.example/v1/',
  // Longer names
  'https://api.example.evil.example/v1/',
  'https://api.exampleevil.example/v1/',
  'https://evilapi.example/v1/',
  'https://sub.api.example/v1/',
  'https://api-example/v1/',
  'https://example/v1/',
  'https://api.example.',
  'https://api.example:1',
  'https://api.example./v1/',
  // Other ports, other schemes
  'https://api.example:80/v1/',
  'https://api.example:4430/v1/',
  'https://files.example/v1/',
  'https://files.example:443/v1/',
  'http://api.example/v1/',
  'http://api.example:443/v1/',
  'HTTP://API.EXAMPLE/v1/',
  'ws://api.example/v1/',
  'wss://api.example/v1/',
  'ftp://api.example/v1/',
  'https+unix://api.example/v1/',
  'httpss://api.example/v1/',
  // Without a scheme
  '//evil.example/v1',
  '//evil.example',
  '///evil.example/v1',
  '////evil.example/v1',
  '//\\evil.example/v1',
  '\\\\evil.example/v1',
  '/\\evil.example/v1',
  '\\/evil.example/v1',
  '//api.example:1/',
  '//api.example./v1',
  // A scheme with fewer or other slashes
  'https:evil.example/v1',
  'https:/evil.example/v1',
  'https:///evil.example/v1',
  'https:\\\\evil.example/v1',
  'https:\\evil.example/v1',
  'https:/\\evil.example/v1',
  // Tabs, newlines and control characters
  'ht\ttps://evil.example/v1',
  'h\nt\rt\tps://evil.example/v1',
  'https\n://evil.example/v1',
  'https:\n//evil.example/v1',
  'https:/\t/evil.example/v1',
  '/\t/evil.example/v1',
  '/\n/\tevil.example/v1',
  '\t//evil.example/v1',
  '\r\n//evil.example/v1',
  ' //evil.example/v1',
  '\u0000//evil.example/v1',
  '\u001f\u0001 //evil.example/v1',
  '\u0000https://evil.example/v1',
  ' https://evil.example/v1',
  'https://api.example\t.evil.example/v1',
  // Look-alikes
  'https://\u0430pi.example/v1',
  'https://xn--pi-7kc.example/v1',
  'https://api.ex\u0430mple/v1',
  'https://\u0131pi.example/v1',
  'https://ap\u0131.example/v1',
  'https://api.example\u3002evil.example/v1',
  'https://api.example\uff0eevil.example/v1',
  // Schemes without a host
  'blob:https://api.example/0e6b1d3a-0000-4000-8000-000000000000',
  'data:text/plain,https://api.example/v1/',
  'data://api.example/v1/',
  'file:///etc/passwd',
  'file://api.example/v1/',
  'javascript:fetch("https://evil.example")',
  'javascript://api.example/v1/',
  'JAVASCRIPT:alert(1)',
  'java\nscript:alert(1)',
  'about:blank',
  'about:https://api.example/',
  'mailto:root@api.example',
  'filesystem:https://api.example/temporary/x',
  'view-source:https://api.example/v1/',
  'chrome-extension://api.example/v1/',
  'urn:api.example',
  'x:',
];

test.each(ELSEWHERE)('the credential does not go to %j, in any form, through any door', async (text) => {
  // What the platform makes of it, alone and on a base: the table must not hold anything harmless.
  const meanings = [URL.parse(text), URL.parse(text, `${OPEN.baseUrl}/`)];
  const harmless = meanings.filter((url) => url?.origin === BASE && url.protocol === 'https:');
  expect(harmless.length).toBeLessThan(2);

  for (const form of formsOf(text)) {
    expect(await outcomes(form)).toEqual(['ORIGIN_NOT_ALLOWED']);
    expect(await outcomes(form, { baseUrl: BASE })).toEqual(['ORIGIN_NOT_ALLOWED']);
  }
});

test.each([
  'https://user@api.example/v1',
  'https://user:word@api.example/v1',
  'https://evil.example@api.example/v1',
  'https://evil.example:443@api.example/v1',
  'https://evil.example%2F@api.example/v1',
  'https://%40@api.example/v1',
  'https:user@api.example/v1',
  '//user:word@api.example/v1',
  '\\\\user@api.example/v1',
])('user info is refused, as somebody may read %j as another origin', async (text) => {
  for (const form of formsOf(text)) expect(await outcomes(form)).toEqual(['INVALID_OPTION']);
});

test.each([
  'https://evil.example@@api.example@evil.example/',
  'https://[api.example]/v1',
  'https://api.example:99999/v1',
  'https://api.example:x/v1',
  'https://api exam.ple/v1',
  'https://api.example%00.evil.example/v1',
  'https://api.example%2F.evil.example/v1',
  'https://api.example\u0000.evil.example/v1',
  'https://',
  'https://?',
  '//',
  '//[',
  '\\\\',
  'https://999.999.999.999/v1',
  'https://0x1.0x2.0x3.0x4.0x5/v1',
  'https://xn--a/v1',
  'https://api\u2024evil.example/v1',
  '//evil.example@api.example:1/',
  '//api.example@evil.example/',
  'https://api.example\n%5C@evil.example/v1',
  'https://api.example@evil.example/',
  'https://api.example:443@evil.example/',
  'https://api.example%2F@evil.example/',
])('%j, which is a riddle, is sent nowhere', async (text) => {
  for (const options of [OPEN, { baseUrl: BASE }])
    for (const outcome of await outcomes(() => text, options))
      expect(['ORIGIN_NOT_ALLOWED', 'INVALID_OPTION']).toContain(outcome);
});

// What leads to the very origin, however it is spelt

test.each([
  'https://api.example/v1/x',
  'HTTPS://API.Example/v1/x',
  'hTtPs://api.EXAMPLE:443/v1/x',
  'https://api.example:0443/v1/x',
  'https:\\\\api.example\\v1\\x',
  'https:api.example/v1/x',
  '//api.example/v1/x',
  '\\/api.example/v1/x',
  'https://%61pi.example/v1/x',
  'https://api%2Eexample/v1/x',
  'https://\uff41\uff50\uff49.example/v1/x',
  'https://ap\u00adi.example/v1/x',
  'https://api\u3002example/v1/x',
  'ht\ttps://api.exam\nple/v1/x',
  '\u0000 https://api.example/v1/x \u001f',
  'https://:@api.example/v1/x',
  'https://@api.example/v1/x',
])('%j is the origin itself, and no other text is sent than what it means', async (text) => {
  expect(await outcomes(() => text)).toEqual([`${BASE}/v1/x`]);
});

test.each([
  'evil.example',
  '@evil.example/x',
  ':8443/x',
  '.evil.example',
  '/@evil.example',
  '/.//evil.example/x',
  './/evil.example/x',
  '..//evil.example/x',
  '/..//evil.example/x',
  '/%2F/evil.example',
  '%2F%2Fevil.example',
  '/%5Cevil.example',
  '/https://evil.example/x',
  '?https://evil.example',
  '#//evil.example',
  '?//evil.example\\@api',
  '/\u0080/evil.example',
  '\u0085//evil.example',
  '\u00a0//evil.example',
  '\u2028//evil.example',
  '\uff0f\uff0fevil.example',
  '\u2215\u2215evil.example',
])('the path %j stays under the base URL', async (path) => {
  const sent = await outcomes(() => path);

  expect(sent.map((url) => new URL(url).origin)).toEqual([BASE]);
});

// Loopback

test.each([
  'http://localhost:8080',
  'http://LOCALHOST:8080',
  'http://127.0.0.1',
  'http://127.1:3000',
  'http://127.0.0.2',
  'http://127.255.255.254',
  'http://2130706433',
  'http://0x7f000001',
  'http://0x7f.0.0.1',
  'http://0177.0.0.1',
  'http://017700000001',
  'http://[::1]:8080',
  'http://[0:0:0:0:0:0:0:1]',
  'http://[::0.0.0.1]',
  'http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3',
  'http://\uff11\uff12\uff17.0.0.1',
])('%s is this machine, where http is fine', async (baseUrl) => {
  const { hostname, origin } = new URL(baseUrl);
  expect(hostname).toMatch(/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/);

  expect(await outcomes(() => '/x', { baseUrl })).toEqual([`${origin}/x`]);
});

test.each([
  'http://127.0.0.1.evil.example',
  'http://localhost.evil.example',
  'http://localhost.',
  'http://localhost.localdomain',
  'http://notlocalhost',
  'http://127.0.0.1.nip.io',
  'http://127-0-0-1.evil.example',
  'http://127.0.0.1.localhost.evil.example',
  'http://api.localhost',
  'http://\u2113ocalhost.example',
  'http://loc\u0430lhost',
  'http://0x7e.0.0.1',
  'http://128.0.0.1',
  'http://0.0.0.0',
  'http://0',
  'http://3232235521',
  'http://0xC0.0xA8.0.1',
  'http://0300.0250.0.1',
  'http://169.254.169.254',
  'http://[::]',
  'http://[::ffff:127.0.0.1]',
  'http://[::ffff:7f00:1]',
  'http://[::127.0.0.1]',
  'http://[64:ff9b::7f00:1]',
  'http://[fe80::1]',
  'http://[::2]',
  'http://[1::1]',
  'http://[::1:1]',
])('%s is not this machine, and http is refused', async (baseUrl) => {
  const { origin } = new URL(baseUrl);

  expect(await outcomes(() => '/x', { baseUrl })).toEqual(['INSECURE_URL']);
  for (const form of formsOf(`${origin}/x`)) {
    expect(await outcomes(form, { allowedOrigins: [origin] })).toEqual(['INSECURE_URL']);
    expect(await outcomes(form)).toEqual(['ORIGIN_NOT_ALLOWED']);
  }
});

// The lists

test('an empty list allows nothing, and a missing one no more', async () => {
  for (const options of [{}, { allowedOrigins: [] }, { allowedOrigins: [], dangerouslyAllowHttp: [] }]) {
    for (const text of [BASE, 'http://127.0.0.1', 'null', 'undefined://x']) {
      const [outcome, ...others] = await outcomes(() => text, options);
      expect(others).toEqual([]);
      expect(outcome).toBe(URL.canParse(text) ? 'ORIGIN_NOT_ALLOWED' : 'MISSING_BASE_URL');
    }
  }
  expect(await outcomes(() => 'http://a.example', { dangerouslyAllowHttp: ['http://a.example'] })).toEqual([
    'ORIGIN_NOT_ALLOWED',
  ]);
});

test('a child with a base URL of its own knows nothing of its parent’s', async () => {
  const fetch = createFakeFetch(ok);
  using parent = new Client(SECRET, { baseUrl: BASE, logger: quiet, runtime: { fetch } });
  const child = parent.extend({ baseUrl: 'https://llm.example', allowedOrigins: ['https://cdn.example'] });

  await expect(child.fetch(`${BASE}/x`)).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  await expect(parent.fetch('https://llm.example/x')).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  await expect(parent.fetch('https://cdn.example/x')).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  expect(fetch.calls).toEqual([]);
});

test('what is changed after it was handed over changes nothing', async () => {
  const fetch = createFakeFetch(ok);
  const baseUrl = new URL(BASE);
  const allowedOrigins: string[] = [];
  const released = Promise.withResolvers<string>();
  const options = { baseUrl, allowedOrigins, dangerouslyAllowHttp: allowedOrigins };
  using client = new Client(() => released.promise, { ...options, logger: quiet, runtime: { fetch } });
  baseUrl.host = 'evil.example';
  allowedOrigins.push('https://evil.example', 'http://api.example');
  const url = new URL(`${BASE}/waits`);

  const waiting = client.fetch(url);
  // The request was judged, and now waits for its token.
  url.host = 'evil.example';
  released.resolve(SECRET);
  await waiting;
  await client.fetch('/x');

  await expect(client.fetch('https://evil.example/x')).rejects.toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  expect(fetch.calls.map(({ request }) => request.url)).toEqual([`${BASE}/waits`, `${BASE}/x`]);
});

// What ky is told

test('no hook and no option of ky leads the credential elsewhere', async () => {
  const EVIL = 'https://evil.example/x';
  const evil = (request: Request): Request => new Request(EVIL, request);
  const attacks: readonly Record<string, unknown>[] = [
    { hooks: { beforeRequest: [({ request }: { request: Request }) => evil(request)] } },
    { hooks: { beforeRetry: [({ request }: { request: Request }) => evil(request)] } },
    {
      hooks: { afterResponse: [({ request }: { request: Request }) => ky.retry({ request: evil(request) })] },
    },
    { prefix: EVIL },
    { prefix: '//evil.example' },
    { baseUrl: EVIL },
    { fetch: () => Promise.reject(new Error('the attacker was asked')) },
    { searchParams: '@evil.example' },
    { searchParams: { '@evil.example': '\\@evil.example' } },
  ];
  for (const attack of attacks) {
    const fetch = createFakeFetch(status(503), ok);
    using client = new Client(apiKey(SECRET), { baseUrl: BASE, logger: quiet, runtime: { fetch } });

    const error: unknown = await client.get('/x', { retry: { limit: 1, delay: () => 0 }, ...attack }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

    for (const { request } of fetch.calls) expect(new URL(request.url).origin).toBe(BASE);
    expect(String(error)).not.toContain('the attacker was asked');
  }
});

// Nothing is looked up

/** How many names were looked up and connections begun while `run` ran. */
async function networkUse(run: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init(_, type) {
      if (type === 'GETADDRINFOREQWRAP' || type === 'TCPCONNECTWRAP') count += 1;
    },
  }).enable();
  try {
    await run();
  } finally {
    hook.disable();
  }
  return count;
}

test('a refused request looks up no name, opens no connection and asks for no token', async () => {
  await using server = await startServer();
  const { port } = new URL(server.origin);
  let asked = 0;
  const ask = (): string => {
    asked += 1;
    return SECRET;
  };
  const options = { baseUrl: server.origin, allowedOrigins: ['http://evil.example'] };
  using client = new Client(accessToken(ask), { ...options, logger: quiet });
  const refused = [
    `http://localhost:${port}/`,
    'https://evil.example/',
    'http://evil.example/',
    '//evil.example/',
  ];

  const used = await networkUse(async () => {
    for (const url of refused) {
      await expect(client.fetch(url)).rejects.toMatchObject({ name: 'ConfigError' });
      await expect(client.get(url)).rejects.toMatchObject({ name: 'ConfigError' });
    }
  });
  // The same watch sees what is not refused.
  const unguarded = await networkUse(() => client.fetch(`http://localhost:${port}/`, { auth: false }));

  expect([used, asked, server.received.length]).toEqual([0, 0, 1]);
  expect(unguarded).toBeGreaterThan(0);
});

test('a path with a million spaces in it is read at once', async () => {
  const fetch = createFakeFetch(ok);
  const text = `a${' '.repeat(1_000_000)}\t${' '.repeat(1_000_000)}b`;

  await createFetch(SECRET, { baseUrl: BASE, runtime: { fetch } })(text);

  expect(fetch.calls[0]?.request.url).toHaveLength(`${BASE}/ab`.length + 6_000_000);
});
