/** supabase-js itself, with a server on loopback in the place of Supabase Auth. */
import { createClient } from '@supabase/supabase-js';
import { fromSupabase } from '../../examples/providers/supabase.ts';
import { type IdentitySdk, identitySdkContract } from '../contracts/identity-sdk.ts';
import { sendJson, startServer } from '../support/server.ts';
import { Issuer } from './issuer.ts';

async function start(): Promise<IdentitySdk> {
  const issuer = new Issuer();
  const server = await startServer(({ url, body }, response) => {
    if (url.includes('/logout')) return void response.writeHead(204).end();
    const { email, refresh_token } = JSON.parse(body.toString()) as Record<string, string>;
    const mood = issuer.decide();
    if (mood === 'has a bad moment') return sendJson(response, { message: 'not now' }, 503);
    if (mood === 'ended the login') {
      const headers = { 'x-supabase-api-version': '2024-01-01' };
      return sendJson(response, { code: 'refresh_token_not_found', message: 'Not Found' }, 400, headers);
    }
    const user = email ?? refresh_token ?? '';
    sendJson(response, {
      access_token: issuer.token(user),
      refresh_token: user,
      expires_in: 3600,
      token_type: 'bearer',
      user: { id: user },
    });
  });
  const supabase = createClient(server.origin, 'publishable-key', {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { auth } = supabase;
  return {
    source: fromSupabase(supabase),
    issuer,
    close: server.close,
    signOut: async () => void (await auth.signOut({ scope: 'local' })),
    user: async () => (await auth.getSession()).data.session?.user.id,
    signIn: async (email) => void (await auth.signInWithPassword({ email, password: 'secret' })),
  };
}

identitySdkContract('supabase-js', start, { tells: true, switches: true, whenGone: 'SESSION_ENDED' });
