import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PipelineOptions } from '../../src/fetch.ts';
import { BASE, DOORS, formsOf, openDoor, outcomeOf } from '../support/doors.ts';

const SCHEMES = [
  'https:',
  'http:',
  'HTTPS:',
  'ht\ttps:',
  'blob:https:',
  'data:',
  'file:',
  'javascript:',
  'ws:',
  '',
  'x:',
];
const SLASHES = ['//', '/', '', '\\\\', '/\\', '///', '/\t/', '//\n', '\u2215\u2215'];
const USERS = [
  '',
  '',
  '',
  'api.example@',
  'user:word@',
  'api.example:443@',
  '@',
  '%40',
  'api.example\\@',
  'api.example#@',
];
const HOSTS = [
  'api.example',
  'API.example',
  'evil.example',
  'api.example.evil.example',
  'api.example.',
  '\u0430pi.example',
  'ap\u00adi.example',
  'api\u3002example',
  '%61pi.example',
  'localhost',
  'localhost.evil.example',
  '127.0.0.1',
  '127.0.0.1.evil.example',
  '2130706433',
  '0x7f.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  'files.example',
  '',
];
const PORTS = ['', '', '', ':443', ':80', ':8443', ':', ':00443', ':8443@evil.example'];
const PATHS = [
  '',
  '/v1',
  '/x?y#z',
  '\\x',
  '?@evil.example',
  '#@evil.example',
  '/../..//evil.example',
  '\t',
  ' ',
];
const NOISE = ['', '', '', '\t', '\n', '\r', ' ', '\0', '\u001f', '\u007f', '\u00a0', '\ufeff', '\u200b'];

const PARTS = fc.tuple(
  ...[NOISE, SCHEMES, SLASHES, USERS, HOSTS, PORTS, PATHS, NOISE].map((values) => fc.constantFrom(...values)),
);
const URLS = fc
  .tuple(PARTS, fc.nat(40), fc.constantFrom(...NOISE))
  .map(([parts, at, noise]) => `${parts.join('').slice(0, at)}${noise}${parts.join('').slice(at)}`);
const WORLDS: fc.Arbitrary<PipelineOptions> = fc.constantFrom(
  { baseUrl: `${BASE}/v1` },
  { baseUrl: BASE, allowedOrigins: ['https://files.example:8443', 'http://evil.example'] },
  { baseUrl: 'http://127.0.0.1:8443', dangerouslyAllowHttp: ['http://api.example'] },
  { allowedOrigins: ['http://localhost', BASE], dangerouslyAllowHttp: [] },
);

function mayCarry(
  { protocol, origin, hostname }: URL,
  { baseUrl, allowedOrigins = [] }: PipelineOptions,
): boolean {
  const origins = [...allowedOrigins, ...(baseUrl === undefined ? [] : [new URL(baseUrl).origin])];
  const here = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return origins.includes(origin) && (protocol === 'https:' || (protocol === 'http:' && here));
}

test('no URL that can be put together takes the credential where it may not go', async () => {
  const codes = ['ORIGIN_NOT_ALLOWED', 'INSECURE_URL', 'INVALID_OPTION', 'MISSING_BASE_URL'];
  await fc.assert(
    fc.asyncProperty(WORLDS, URLS, fc.nat(DOORS - 1), fc.nat(2), async (options, text, which, shape) => {
      const door = openDoor(which, options);
      const forms = formsOf(text);
      const form = forms[shape % forms.length];
      if (form === undefined) throw new Error('A text is always a form of itself.');

      const outcome = await outcomeOf(door, form());

      if (codes.includes(outcome)) {
        expect([door.fetch.calls.length, door.asked()]).toEqual([0, 0]);
      } else {
        expect(mayCarry(new URL(outcome), options)).toBe(true);
        // And it is what the platform reads in this text: nothing that was meant for another place is sent home.
        const read = form();
        const native =
          read instanceof Request
            ? read.url
            : (URL.parse(String(read)) ?? new URL(String(read), `${String(options.baseUrl)}/`));
        expect(new URL(outcome).origin).toBe(new URL(native).origin);
      }
    }),
    { numRuns: 4000 },
  );
}, 60_000);
