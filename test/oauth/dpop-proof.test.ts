import fc from 'fast-check';
import { calculateJwkThumbprint, EmbeddedJWK, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import type { Outgoing } from '../../src/contracts.ts';
import { Dpop } from '../../src/oauth/dpop.ts';
import { DpopKeys } from '../../src/oauth/dpop-keys.ts';
import { boundKey, signProof } from '../../src/oauth/dpop-proof.ts';
import { headerText } from '../support/hostile-text.ts';

const URL_OF_API = 'https://api.example/orders';
const NONCE_ASKED = 'DPoP error="use_dpop_nonce"';
const LONG_AGO = new Date(0).toUTCString();
const REFUSED_PROOF = 'DPoP error="invalid_dpop_proof"';

function proofs(): Dpop {
  return new Dpop(new DpopKeys(true, 'a client', undefined));
}

function hop(url = URL_OF_API, method = 'GET'): Outgoing {
  return { url: new URL(url), method, headers: new Headers() };
}

function refusal(challenge: string, headers: Record<string, string> = {}, status = 401): Response {
  return new Response(null, { status, headers: { 'www-authenticate': challenge, ...headers } });
}

/** What the next proof for a URL says. */
async function nextProof(dpop: Dpop, url?: string): Promise<Record<string, unknown>> {
  const outgoing = hop(url);
  await dpop.apply(outgoing, 'a-token');
  const { payload } = await jwtVerify(outgoing.headers.get('dpop') ?? '', EmbeddedJWK, {
    clockTolerance: 1e9,
  });
  return payload;
}

test.each(['ES256', 'Ed25519'])(
  'any proof with %s can be verified with nothing but itself',
  async (algorithm) => {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const key = await boundKey(pair);
    expect(key.jwk).not.toHaveProperty('d');
    expect(key.thumbprint).toBe(await calculateJwkThumbprint(await exportJWK(pair.publicKey)));
    const seen = new Set<unknown>();
    const text = fc.string({ unit: 'binary' });
    await fc.assert(
      fc.asyncProperty(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        text,
        text,
        async (href, method, nonce) => {
          const url = new URL(href);
          const proof = await signProof(key, { url, method, issuedAt: 1_800_000_000, nonce });
          expect(proof).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
          const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' });
          const { jti, ...said } = payload;
          expect(said).toEqual({
            htm: method.toWellFormed(),
            htu: `${url.origin}${url.pathname}`,
            iat: 1_800_000_000,
            nonce: nonce.toWellFormed(),
          });
          expect(protectedHeader.alg).toBe(algorithm === 'ES256' ? 'ES256' : protectedHeader.alg);
          expect(await calculateJwkThumbprint(protectedHeader.jwk ?? {})).toBe(key.thumbprint);
          expect(seen.has(jti)).toBe(false);
          seen.add(jti);
        },
      ),
      { numRuns: 15 },
    );
  },
);

test('a private key that could be taken out does not show in a proof', async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const { d = '' } = await exportJWK(pair.privateKey);
  const proof = await signProof(await boundKey(pair), {
    url: new URL(URL_OF_API),
    method: 'GET',
    issuedAt: 0,
  });
  const shown = proof.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
  expect([proof, ...shown].join()).not.toContain(d);
  expect(d).not.toBe('');
});

test('a proof that names no nonce and no token says nothing of them', async () => {
  const key = await boundKey(await generateKeyPair('ES256'));
  const proof = await signProof(key, { url: new URL(URL_OF_API), method: 'GET', issuedAt: 0 });
  const { payload } = await jwtVerify(proof, EmbeddedJWK);
  expect(Object.keys(payload).sort()).toEqual(['htm', 'htu', 'iat', 'jti']);
});

test('each origin has its own nonce, and no other learns it', async () => {
  const dpop = proofs();
  dpop.learn(new Response(null, { headers: { 'dpop-nonce': 'one' } }), hop('https://one.example/a'));
  dpop.learn(new Response(null, { headers: { 'dpop-nonce': 'two' } }), hop('https://one.example:8443/a'));
  expect((await nextProof(dpop, 'https://one.example/b')).nonce).toBe('one');
  expect((await nextProof(dpop, 'https://one.example:8443/b')).nonce).toBe('two');
  expect(await nextProof(dpop, 'http://one.example/b')).not.toHaveProperty('nonce');
  expect(await nextProof(dpop, 'https://two.example/')).not.toHaveProperty('nonce');
});

test.each([
  '',
  'two words',
  'one, two',
  '"quoted"',
  'back\\slash',
  'späte',
  'a\tb',
  '\x7f',
  'x'.repeat(4097),
])('%j is no nonce: it is neither learned nor a reason to send once more', async (nonce) => {
  const dpop = proofs();
  dpop.learn(refusal(NONCE_ASKED, { 'dpop-nonce': 'good' }), hop());
  const headers = new Headers({ 'www-authenticate': NONCE_ASKED });
  const response = new Response(null, { status: 401, headers });
  // A platform lets none of these through as a header, a hostile one may.
  const hostile = Object.defineProperty(response, 'headers', { value: new HostileHeaders(headers, nonce) });
  expect(dpop.learn(hostile, hop())).toBe(false);
  expect((await nextProof(dpop)).nonce).toBe('good');
});

/** Headers of a platform that checks nothing. */
class HostileHeaders extends Headers {
  readonly #nonce: string;
  constructor(headers: Headers, nonce: string) {
    super(headers);
    this.#nonce = nonce;
  }
  override get(name: string): string | null {
    return name === 'dpop-nonce' ? this.#nonce : super.get(name);
  }
  override has(name: string): boolean {
    return name === 'dpop-nonce' || super.has(name);
  }
}

test.each(['!', "#$%&'()*+,-./:;<=>?@[", ']^_`{|}~', 'x'.repeat(4096)])('%s is a nonce', async (nonce) => {
  const dpop = proofs();
  expect(dpop.learn(refusal(NONCE_ASKED, { 'dpop-nonce': nonce }), hop())).toBe(true);
  expect((await nextProof(dpop)).nonce).toBe(nonce);
});

test.each<[string, string, Record<string, string> | undefined, number, boolean]>([
  ['asks for a nonce and names one', NONCE_ASKED, { 'dpop-nonce': 'n' }, 401, true],
  ['asks for a nonce and names none', NONCE_ASKED, {}, 401, false],
  ['asks with another status', NONCE_ASKED, { 'dpop-nonce': 'n' }, 400, false],
  ['has refused the token', 'DPoP error="invalid_token"', { 'dpop-nonce': 'n' }, 401, false],
  ['has refused all', 'DPoP', { 'dpop-nonce': 'n' }, 401, false],
  ['says no word', '', { 'dpop-nonce': 'n' }, 401, false],
  ['refuses the proof without a date', REFUSED_PROOF, {}, 401, false],
  ['refuses the proof with a date that is none', REFUSED_PROOF, { date: 'yesterday' }, 401, false],
  ['refuses the proof at the same time as ours', REFUSED_PROOF, undefined, 401, false],
  ['names a date for another reason', 'DPoP error="invalid_token"', { date: LONG_AGO }, 401, false],
  ['refuses the proof and names a date with another status', REFUSED_PROOF, { date: LONG_AGO }, 403, false],
])('a server that %s', (_, challenge, headers = { date: new Date().toUTCString() }, status, isSentAgain) => {
  expect(proofs().learn(refusal(challenge, headers, status), hop())).toBe(isSentAgain);
});

test('a clock is believed once, corrected by the next, and never for a success', async () => {
  const dpop = proofs();
  const at = (ms: number): Record<string, string> => ({ date: new Date(Date.now() + ms).toUTCString() });
  const offset = async (): Promise<number> => Number((await nextProof(dpop)).iat) - Date.now() / 1000;
  dpop.learn(new Response(null, { headers: at(-3_600_000) }), hop());
  expect(Math.abs(await offset())).toBeLessThan(60);
  expect(dpop.learn(refusal(REFUSED_PROOF, at(-3_600_000)), hop())).toBe(true);
  expect(Math.abs((await offset()) + 3600)).toBeLessThan(60);
  // The same again is not why the proof was refused.
  expect(dpop.learn(refusal(REFUSED_PROOF, at(-3_600_000)), hop())).toBe(false);
  expect(dpop.learn(refusal(REFUSED_PROOF, at(3_600_000)), hop())).toBe(true);
  expect(Math.abs((await offset()) - 3600)).toBeLessThan(60);
  expect(dpop.learn(refusal(REFUSED_PROOF, at(-3_600_000)), hop())).toBe(true);
  expect(dpop.learn(refusal(REFUSED_PROOF, at(0)), hop())).toBe(true);
  expect(Math.abs(await offset())).toBeLessThan(60);
});

test('whatever headers a server thinks of, the next proof is one, and nothing throws', async () => {
  const text = headerText([
    'DPoP',
    'error=',
    '"use_dpop_nonce"',
    '"invalid_dpop_proof"',
    ',',
    ' ',
    '=',
    '"',
    '\\',
    'n',
  ]);
  const date = fc.oneof(
    text,
    fc.date({ noInvalidDate: true }).map((day) => day.toUTCString()),
    fc.date({ noInvalidDate: true }).map((day) => day.toISOString()),
  );
  const dpop = proofs();
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      date,
      fc.constantFrom(200, 400, 401, 403, 500),
      async (challenge, nonce, day, status) => {
        const headers = new Headers();
        for (const [name, value] of Object.entries({
          'www-authenticate': challenge,
          'dpop-nonce': nonce,
          date: day,
        }))
          headers.set(name, value);
        const again = dpop.learn(new Response(null, { status, headers }), hop());
        expect(again && status !== 401).toBe(false);
        const { nonce: said = 'n', iat } = await nextProof(dpop);
        expect(said).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
        expect(Number.isSafeInteger(iat)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test('a token endpoint is asked with a proof without a token, and teaches its nonce with any answer', async () => {
  const dpop = proofs();
  const sent: Headers[] = [];
  const ask = dpop.bind(async (_, options) => {
    sent.push(new Headers((options as RequestInit).headers));
    return new Response(null, { status: 500, headers: { 'dpop-nonce': `n${sent.length}` } });
  });
  const form = { method: 'POST', headers: { accept: 'application/json', dpop: 'of somebody else' } };
  await ask('https://id.example/token', form);
  await ask('https://id.example/token', {});
  const said = await Promise.all(
    sent.map(async (headers) => (await jwtVerify(headers.get('dpop') ?? '', EmbeddedJWK)).payload),
  );
  expect(said).toMatchObject([
    { htm: 'POST', htu: 'https://id.example/token' },
    { htm: 'POST', nonce: 'n1' },
  ]);
  expect(said[0]).not.toHaveProperty('ath');
  expect(sent[0]?.get('accept')).toBe('application/json');
});

test.each<[string, Response, boolean]>([
  ['a refusal that asks for a nonce', tokenRefusal('use_dpop_nonce', { 'dpop-nonce': 'n' }), true],
  ['one that names none', tokenRefusal('use_dpop_nonce'), false],
  ['another refusal', tokenRefusal('invalid_grant', { 'dpop-nonce': 'n' }), false],
  ['a refused proof of another time', tokenRefusal('invalid_dpop_proof', { date: LONG_AGO }), true],
  ['tokens', Response.json({ error: 'use_dpop_nonce' }, { headers: { 'dpop-nonce': 'n' } }), false],
  ['no JSON', new Response('use_dpop_nonce', { status: 400, headers: { 'dpop-nonce': 'n' } }), false],
])('%s of a token endpoint', async (_, response, expected) => {
  expect(await proofs().wantsAgain(response, new URL('https://id.example.com/token'))).toBe(expected);
});

function tokenRefusal(error: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error }, { status: 400, headers });
}

test('a server with a wrong date spoils the proofs for no other server', async () => {
  const dpop = proofs();
  expect(dpop.learn(refusal(REFUSED_PROOF, { date: LONG_AGO }), hop())).toBe(true);
  expect((await nextProof(dpop)).iat).toBeLessThan(60);
  expect((await nextProof(dpop, 'https://id.example/token')).iat).toBeGreaterThan(1e9);
});

test('what hands its proofs on shares key, nonces and time with who takes them', async () => {
  const dpop = proofs();
  const other = Dpop.of(dpop.handOn(), 'another client');
  dpop.learn(refusal(NONCE_ASKED, { 'dpop-nonce': 'learned-here' }), hop());
  expect(await other.thumbprint()).toBe(await dpop.thumbprint());
  expect((await nextProof(other)).nonce).toBe('learned-here');
});
