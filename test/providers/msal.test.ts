/** msal-browser itself, in what it takes for a page, with its own seam for the network in place of Entra ID. */
import {
  type Configuration,
  type INavigationClient,
  type INetworkModule,
  PublicClientApplication,
} from '@azure/msal-browser';
import { fromMsal } from '../../examples/providers/msal.ts';
import { type IdentitySdk, identitySdkContract } from '../contracts/identity-sdk.ts';
import { formOf, Issuer } from './issuer.ts';
import { openPage, openPopups } from './page.ts';

const scopes = ['api://shop/orders.read'];
const tenant = 'shop';
const authority = `https://login.microsoftonline.com/${tenant}`;

/** The token endpoint of Entra ID, as MSAL asks it. */
function networkOf(issuer: Issuer): INetworkModule {
  const answer = (form: URLSearchParams): { status: number; body: unknown } => {
    const [user = '', nonce] = (form.get('code') ?? form.get('refresh_token') ?? '').split(' ');
    const mood = issuer.decide();
    const error_description = 'AADSTS50076: the user must use multi-factor authentication';
    // After a 5xx MSAL itself asks nobody for a minute, so it is the network that fails here.
    if (mood === 'has a bad moment') throw new TypeError('Failed to fetch');
    if (mood === 'ended the login')
      return { status: 400, body: { error: 'invalid_grant', suberror: 'basic_action', error_description } };
    return { status: 200, body: tokensOf(issuer, user, nonce) };
  };
  return {
    sendGetRequestAsync: () => Promise.reject(new Error('nothing else is asked for')),
    async sendPostRequestAsync<T>(_url: string, options?: { readonly body?: string }) {
      const { status, body } = answer(formOf(options?.body ?? ''));
      return { status, headers: {}, body: body as T };
    },
  };
}

function tokensOf(issuer: Issuer, user: string, nonce?: string): object {
  const of = {
    oid: user,
    nonce,
    tid: tenant,
    preferred_username: user,
    iss: `${authority}/v2.0`,
    aud: 'spa',
  };
  return {
    token_type: 'Bearer' as const,
    scope: scopes.join(' '),
    expires_in: 3600,
    access_token: issuer.token(user),
    refresh_token: user,
    id_token: issuer.token(user, of),
    client_info: Buffer.from(JSON.stringify({ uid: user, utid: tenant })).toString('base64url'),
  };
}

/** A page that stays where it is. */
const stays: INavigationClient = {
  navigateInternal: () => Promise.resolve(false),
  navigateExternal: () => Promise.resolve(false),
};

async function start(): Promise<IdentitySdk> {
  openPage();
  const issuer = new Issuer();
  const config: Configuration = {
    auth: { clientId: 'spa', authority, redirectUri: 'https://shop.example/' },
    system: { networkClient: networkOf(issuer), navigationClient: stays },
  };
  const msal = new PublicClientApplication(config);
  await msal.initialize();
  return {
    source: fromMsal(msal, scopes),
    issuer,
    signOut: () => msal.logoutRedirect(),
    user: async () => msal.getActiveAccount()?.username,
    async signIn(user) {
      openPopups((url) => answerOf(url, user));
      const { account } = await msal.loginPopup({ scopes });
      if (account.username !== msal.getActiveAccount()?.username) msal.setActiveAccount(account);
    },
  };
}

/** What the page at `redirectUri` tells its opener: a code for whoever signed in. */
function answerOf(url: URL, user: string): { readonly to: string; readonly payload: string } {
  const state = url.searchParams.get('state') ?? '';
  const { id } = JSON.parse(Buffer.from(state.split('|')[0] ?? '', 'base64').toString()) as { id: string };
  const code = `${user} ${url.searchParams.get('nonce')}`;
  return { to: id, payload: new URLSearchParams({ code, state }).toString() };
}

identitySdkContract('msal-browser', start, { tells: true, switches: true, whenGone: 'SESSION_ENDED' });
