/** firebase/auth itself, with a server on loopback in the place of its emulator. */
import { deleteApp, initializeApp } from '@firebase/app';
import {
  type Auth,
  connectAuthEmulator,
  initializeAuth,
  inMemoryPersistence,
  signInWithCustomToken,
  signOut,
} from '@firebase/auth';
import { expect, test } from 'vitest';
import { fromFirebase } from '../../examples/providers/firebase.ts';
import { type IdentitySdk, identitySdkContract } from '../contracts/identity-sdk.ts';
import { sendJson, startServer } from '../support/server.ts';
import { createTokenValet } from '../support/token-valet.ts';
import { formOf, Issuer, subjectOf } from './issuer.ts';

async function start(refusal: string): Promise<IdentitySdk> {
  const issuer = new Issuer();
  const server = await startServer(({ url, body }, response) => {
    if (url.includes('signInWithCustomToken')) {
      const { token } = JSON.parse(body.toString()) as { token: string };
      return sendJson(response, { idToken: issuer.token(token), refreshToken: token, expiresIn: '3600' });
    }
    if (url.includes('accounts:lookup')) {
      const { idToken } = JSON.parse(body.toString()) as { idToken: string };
      return sendJson(response, { users: [{ localId: subjectOf(idToken) }] });
    }
    const mood = issuer.decide();
    if (mood === 'has a bad moment') return sendJson(response, { error: { message: 'UNAVAILABLE' } }, 503);
    if (mood === 'ended the login') return sendJson(response, { error: { message: refusal } }, 400);
    const user = formOf(body).get('refresh_token') ?? '';
    sendJson(response, { access_token: issuer.token(user), refresh_token: user, expires_in: '3600' });
  });
  const app = initializeApp({ apiKey: 'public' });
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  connectAuthEmulator(auth, server.origin, { disableWarnings: true });
  return {
    source: fromFirebase(auth),
    issuer,
    signOut: () => signOut(auth),
    user: async () => auth.currentUser?.uid,
    signIn: async (user) => void (await signInWithCustomToken(auth, user)),
    async close() {
      // The memory is one for all apps of this name.
      await signOut(auth);
      await deleteApp(app);
      await server.close();
    },
  };
}

test('firebase/auth: the first request of a page waits until the SDK knows who was signed in', async () => {
  await using server = await startServer(({ url }, response) => {
    if (url.includes('accounts:lookup')) return sendJson(response, { users: [{ localId: 'ada' }] });
    sendJson(response, { idToken: new Issuer().token('ada'), refreshToken: 'ada', expiresIn: '3600' });
  });
  const open = (): Auth => {
    const auth = initializeAuth(initializeApp({ apiKey: 'public' }), { persistence: inMemoryPersistence });
    connectAuthEmulator(auth, server.origin, { disableWarnings: true });
    return auth;
  };
  const before = open();
  await signInWithCustomToken(before, 'ada');
  await deleteApp(before.app);

  const after = open();
  expect(after.currentUser).toBeNull();
  const { request } = createTokenValet(fromFirebase(after));
  expect(await request()).toBe(200);

  await signOut(after);
  await deleteApp(after.app);
});

identitySdkContract('firebase/auth', () => start('TOKEN_EXPIRED'), {
  tells: true,
  switches: true,
  whenGone: 'SIGNED_OUT',
});
// Of this one it keeps the user.
identitySdkContract('firebase/auth, refresh token refused', () => start('INVALID_REFRESH_TOKEN'), {
  tells: true,
  switches: true,
  whenGone: 'SESSION_ENDED',
});
