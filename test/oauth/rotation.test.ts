import { exportJWK, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import type { SessionDocument } from '../../src/contracts.ts';
import { accessToken, Client } from '../../src/index.ts';
import { clientCredentials } from '../../src/oauth.ts';
import { memoryStore } from '../../src/stores.ts';
import { startAuthorizationServer } from '../support/authorization-server.mjs';
import { settle } from '../support/clock.ts';
import { comeBack, openTab, type Tab } from '../support/login-tab.ts';
import { startServer } from '../support/server.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createDeferred } from '../support/token-valet.ts';

async function signIn(tab: Tab): Promise<void> {
  await tab.source.signIn({ parameters: { prompt: 'consent' } });
  await comeBack(tab);
  await tab.source.handleRedirect();
}

test('each refresh token is used once, and one that a thief has used ends the session for both', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const shared = memoryStore();
  const stored = async (): Promise<SessionDocument> => (await shared.store.read()) as SessionDocument;
  const tab = openTab(server);
  using client = new Client(accessToken(tab.source, { store: shared }), { baseUrl: api.origin });
  await signIn(tab);
  const seen = new Set<string | undefined>();
  for (let turn = 0; turn < 4; turn++) {
    await client.session.refresh();
    await client.fetch('/');
    while (seen.has((await stored()).refreshToken)) await settle();
    seen.add((await stored()).refreshToken);
  }
  expect(seen.size).toBe(4);

  const [old = ''] = seen;
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: old, client_id: 'spa' });
  const answer = await fetch(`${server.issuer}/token`, { method: 'POST', body });
  expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
  expect(await valetErrorOf(() => client.session.refresh())).toMatchObject({ code: 'SESSION_ENDED' });
  expect(client.session.snapshot).toMatchObject({ status: 'ended', user: { id: 'alice' } });
  while ((await stored()).state !== 'ended') await settle();
  expect((await stored()).refreshToken).toBeUndefined();

  await signIn(tab);
  expect((await client.fetch('/')).status).toBe(204);
  expect(client.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'alice' } });
});

test('what a refresh brings after the sign-out is revoked, too (rule T8)', async () => {
  await using server = await startAuthorizationServer();
  await using api = await startServer();
  const [asked, gate] = [createDeferred<void>(), createDeferred<void>()];
  let isHeld = false;
  const tab = openTab(server, {
    async fetch(input, init) {
      const { url } = new Request(input, { ...init, signal: null });
      // The answer is on its way and cannot be called back.
      const answer = await fetch(input, { ...init, signal: null });
      if (isHeld && url.endsWith('/token')) {
        asked.resolve();
        await gate.promise;
      }
      return answer;
    },
  });
  using client = new Client(tab.source, { baseUrl: api.origin });
  await signIn(tab);
  await client.session.ready;
  isHeld = true;
  const refreshed = client.session.refresh().catch(() => {});
  await asked.promise;
  await client.signOut();
  await refreshed;
  const revocations = (): number =>
    server.received.filter((what) => what === 'POST /token/revocation').length;
  expect(revocations()).toBe(1);
  gate.resolve();
  while (revocations() < 2) await settle();
  expect(client.session.snapshot.status).toBe('signed-out');
});

test.each(['RS256', 'PS256', 'ES256', 'Ed25519'])(
  'a client proves itself with a key for %s that cannot be exported (RFC 7523 §2.2)',
  async (alg) => {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    const signerKey = { ...(await exportJWK(publicKey)), kid: 'signer-1', alg, use: 'sig' };
    await using server = await startAuthorizationServer({ signerKey });
    await using api = await startServer();
    const clientAuthentication = { privateKey, keyId: 'signer-1' };
    const source = clientCredentials({ issuer: server.issuer, clientId: 'signer', clientAuthentication });
    using client = new Client(source, { baseUrl: api.origin });
    expect(privateKey.extractable).toBe(false);
    expect((await client.fetch('/')).status).toBe(204);
    const other = await generateKeyPair(alg);
    const wrong = clientCredentials({
      issuer: server.issuer,
      clientId: 'signer',
      clientAuthentication: { privateKey: other.privateKey, keyId: 'signer-1' },
    });
    using refused = new Client(wrong, { baseUrl: api.origin });
    expect(await valetErrorOf(() => refused.get(''))).toMatchObject({
      code: 'TOKEN_ENDPOINT_REJECTED',
      oauthError: 'invalid_client',
    });
  },
);
