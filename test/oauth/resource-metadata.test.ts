import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ValetError } from '../../src/errors.ts';
import { boundedFetch } from '../../src/oauth/bounded-fetch.ts';
import { covers, type ResourceMetadata, resourceMetadata } from '../../src/oauth/resource-metadata.ts';
import { deepJson } from '../support/hostile-text.ts';
import { valetErrorOf } from '../support/thrown.ts';

const PATIENT = { timeout: 60_000 };

const REQUESTED = 'https://api.example/mcp/tools?page=2';
const ISSUER = 'https://id.example';
const GOOD = { resource: 'https://api.example/mcp', authorization_servers: [ISSUER] };

interface Asked {
  readonly answer?: (url: string, init: RequestInit) => Response | Promise<Response>;
  readonly named?: string;
  readonly requested?: string;
  readonly signal?: AbortSignal;
}

/** What a resource says of itself, and the URLs that it was asked at. */
async function ask({
  answer = () => Response.json(GOOD),
  named,
  requested = REQUESTED,
  signal,
}: Asked = {}): Promise<{
  found: ResourceMetadata;
  urls: string[];
}> {
  const urls: string[] = [];
  const fetch = boundedFetch(async (input, init = {}) => {
    const { url } = new Request(input);
    urls.push(url);
    return answer(url, init);
  });
  return { found: await resourceMetadata(new URL(requested), named, fetch, signal), urls };
}

const says = (body: unknown) => (): Response => Response.json(body);

test.each([
  ['https://api.example/mcp', true],
  ['https://api.example/mcp/', true],
  ['https://api.example/mcp/tools', true],
  ['https://api.example/mcp/tools/', true],
  ['https://api.example', true],
  ['https://api.example/', true],
  ['https://API.example:443/mcp', true],
  ['https://api.example/a/../mcp', true],
  ['https://api.example/mc', false],
  ['https://api.example/mcp2', false],
  ['https://api.example/tools', false],
  ['https://api.example/MCP', false],
  ['https://api.example/mcp/tools/1', false],
  ['https://api.example/mcp%2Ftools', false],
  ['https://api.example//mcp', false],
  ['https://api.example/mcp?page=2', false],
  ['https://api.example/mcp#top', false],
  ['https://user@api.example/mcp', false],
  ['https://:pass@api.example/mcp', false],
  ['https://api.example.evil.example/mcp', false],
  ['https://api.example:8443/mcp', false],
  ['http://api.example/mcp', false],
  ['https://evil.example/mcp', false],
  ['blob:https://api.example/mcp', false],
  ['data:,mcp', false],
])('whether %s covers a request below /mcp/tools: %s', async (resource, expected) => {
  expect(covers(new URL(resource), new URL(REQUESTED))).toBe(expected);
  const asking = ask({ answer: says({ ...GOOD, resource }) });
  if (expected) expect((await asking).found.resource).toBe(resource);
  else await expect(asking).rejects.toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
});

test('a resource covers exactly what is at its origin, and at its path or below', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '%61', '%2e', '..', '.', '', '%2F');
  const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
  const origin = fc.constantFrom('https://api.example', 'https://api.example:8443', 'https://b.example');
  fc.assert(
    fc.property(origin, path, origin, path, (oneOrigin, one, otherOrigin, other) => {
      const resource = new URL(oneOrigin + one);
      const requested = new URL(otherOrigin + other);
      const parts = (url: URL): string[] => url.pathname.split('/').slice(1);
      const root = resource.pathname.endsWith('/') ? parts(resource).slice(0, -1) : parts(resource);
      const isBelow = root.every((part, index) => parts(requested)[index] === part);
      expect(covers(resource, requested)).toBe(resource.origin === requested.origin && isBelow);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ['https://api.example', 'https://api.example/.well-known/oauth-protected-resource'],
  ['https://api.example/', 'https://api.example/.well-known/oauth-protected-resource'],
  ['https://api.example/mcp?x=1#y', 'https://api.example/.well-known/oauth-protected-resource/mcp'],
  ['https://api.example/a/b/', 'https://api.example/.well-known/oauth-protected-resource/a/b/'],
  [
    'https://api.example//evil.example',
    'https://api.example/.well-known/oauth-protected-resource//evil.example',
  ],
])('the usual place of the metadata of %s is %s', async (requested, place) => {
  const answer = says({ ...GOOD, resource: 'https://api.example' });
  expect((await ask({ requested, answer })).urls).toEqual([place]);
});

test('what a 401 names is asked for at the origin of the resource alone', async () => {
  const named = 'https://api.example/other/place?x=1';
  expect((await ask({ named })).urls).toEqual([named]);
});

test.each([
  '',
  'nonsense',
  '/relative',
  '//api.example/x',
  'https://evil.example/x',
  'https://api.example.evil.example/x',
  'https://api.example@evil.example/x',
  'https://user@api.example/x',
  'https://:pass@api.example/x',
  'https://api.example:8443/x',
  'http://api.example/x',
  'http://169.254.169.254/latest/meta-data',
  'http://127.0.0.1/x',
  'http://localhost/x',
  'file:///etc/passwd',
  'data:application/json,{}',
  'blob:https://api.example/x',
  'javascript:alert(1)',
])('metadata at %j are not asked for', async (named) => {
  const urls: string[] = [];
  const answer = (url: string): Response => {
    urls.push(url);
    return Response.json(GOOD);
  };
  expect(await valetErrorOf(() => ask({ named, answer }))).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
  expect(urls).toEqual([]);
});

test('in the clear, metadata are asked for on this machine alone', async () => {
  const requested = 'http://127.0.0.1:8080/mcp';
  const answer = says({ ...GOOD, resource: requested });
  expect((await ask({ requested, answer })).found.resource).toBe(requested);
  const far = {
    requested: 'http://api.example/mcp',
    answer: says({ ...GOOD, resource: 'http://api.example/mcp' }),
  };
  expect(await valetErrorOf(() => ask(far))).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
});

test.each([
  ['a page', () => new Response('<html>')],
  ['nothing', () => new Response('')],
  ['a status of its own', () => Response.json(GOOD, { status: 203 })],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://api.example/x' } })],
  ['a refusal', () => Response.json(GOOD, { status: 401 })],
  ['too much', () => Response.json({ ...GOOD, more: 'x'.repeat(1_048_576) })],
  ['a list', says([GOOD])],
  ['null', says(null)],
  ['a text', says('https://api.example/mcp')],
  ['no resource', says({ authorization_servers: [ISSUER] })],
  ['a resource that is a list', says({ ...GOOD, resource: ['https://api.example/mcp'] })],
  ['a resource that is no URL', says({ ...GOOD, resource: 'mcp' })],
  ['no issuers', says({ resource: GOOD.resource })],
  ['an empty list of issuers', says({ ...GOOD, authorization_servers: [] })],
  ['one issuer that is no list', says({ ...GOOD, authorization_servers: ISSUER })],
  ['issuers that look like a list', says({ ...GOOD, authorization_servers: { 0: ISSUER, length: 1 } })],
  ['an issuer among others that is no text', says({ ...GOOD, authorization_servers: [ISSUER, 5] })],
  ['an issuer in a list', says({ ...GOOD, authorization_servers: [[ISSUER]] })],
])('%s is no metadata', async (_, answer) => {
  expect(await valetErrorOf(() => ask({ answer }))).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
    retryable: false,
  });
});

test('what hangs on a prototype is not what a resource says', async () => {
  const text = `{"__proto__":${JSON.stringify(GOOD)}}`;
  expect(await valetErrorOf(() => ask({ answer: () => new Response(text) }))).toMatchObject({
    code: 'TOKEN_ENDPOINT_REJECTED',
  });
  const polluted = Object.assign(Object.create(GOOD) as object, {});
  const answer = (): Response => Object.assign(Response.json({}), { json: () => Promise.resolve(polluted) });
  const fetch = (): Promise<Response> => Promise.resolve(answer());
  const asking = (): Promise<unknown> => resourceMetadata(new URL(REQUESTED), undefined, fetch, undefined);
  expect(await valetErrorOf(asking)).toMatchObject({ code: 'TOKEN_ENDPOINT_REJECTED' });
});

test.each([429, 500, 502, 503, 599])('a bad moment of the resource, %s, is tried again', async (status) => {
  expect(await valetErrorOf(() => ask({ answer: () => new Response('', { status }) }))).toMatchObject({
    code: 'TOKEN_ENDPOINT_UNAVAILABLE',
    retryable: true,
    status,
  });
});

test('metadata are asked for without anything that tells who asks, and no redirect is followed', async () => {
  let sent: RequestInit = {};
  await ask({
    answer(_, init) {
      sent = init;
      return Response.json(GOOD);
    },
  });
  expect(sent).toMatchObject({ method: 'GET', redirect: 'manual', headers: { accept: 'application/json' } });
});

test('who gives up ends the asking', async () => {
  const controller = new AbortController();
  const reason = new Error('given up');
  const answer = (_: string, { signal }: RequestInit): Promise<Response> =>
    new Promise((__, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      controller.abort(reason);
    });
  await expect(ask({ answer, signal: controller.signal })).rejects.toBe(reason);
});

const url = fc.constantFrom(
  'https://api.example/mcp',
  'https://api.example',
  'https://api.example/other',
  'https://evil.example',
  'https://id.example',
  'http://169.254.169.254/',
  'javascript:alert(1)',
  '__proto__',
  '\ud800',
  '\0',
  '',
);
const value = fc.oneof(url, fc.array(url, { maxLength: 4 }), fc.jsonValue({ maxDepth: 3 }));
const key = fc.constantFrom(
  'resource',
  'authorization_servers',
  '__proto__',
  'constructor',
  'toString',
  'length',
);
const document = fc.oneof(
  { weight: 8, arbitrary: fc.array(fc.tuple(key, value), { maxLength: 6 }).map(textOf) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string() },
);

/** Written by hand: names may come twice, and `__proto__` is one. */
function textOf(members: readonly (readonly [string, unknown])[]): string {
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`).join()}}`;
}

test(
  'of 10 000 random documents none names another resource, and none does anything but be refused',
  PATIENT,
  async () => {
    await fc.assert(
      fc.asyncProperty(document, async (text) => {
        const outcome = await ask({ answer: () => new Response(text) }).catch((error: unknown) => error);
        if (outcome instanceof Error) {
          expect(ValetError.is(outcome) && outcome.code).toBe('TOKEN_ENDPOINT_REJECTED');
          return;
        }
        const { found } = outcome as { found: ResourceMetadata };
        expect(['https://api.example/mcp', 'https://api.example']).toContain(found.resource);
        expect(found.authorizationServers.length).toBeGreaterThan(0);
        for (const issuer of found.authorizationServers) expect(typeof issuer).toBe('string');
      }),
      { numRuns: 10_000 },
    );
  },
);

test('a document that is nested thousands of times is refused like any other', async () => {
  await fc.assert(
    fc.asyncProperty(deepJson, async (text) => {
      const error = await valetErrorOf(() => ask({ answer: () => new Response(text) }));
      expect(error.code).toBe('TOKEN_ENDPOINT_REJECTED');
    }),
    { numRuns: 20 },
  );
});
