/** The snippets of docs/guide/migrating.md. */
import axiosLibrary, { type AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { accessToken, Client, SessionError, type TokenProvider, ValetError } from 'fetch-valet';
import { auth0, createAuthRefreshInterceptor, tokens } from './migrating-from.ts';

interface Orders {
  readonly orders: readonly { readonly id: number }[];
}

const baseURL = 'https://api.shop.example';

async function withInterceptors(): Promise<void> {
  // #region interceptors-before
  const axios = axiosLibrary.create({ baseURL, adapter: 'fetch' });
  const sentTwice = new WeakSet<InternalAxiosRequestConfig>();
  let renewal: Promise<string> | undefined;

  axios.interceptors.request.use((config) => {
    config.headers.set('authorization', `Bearer ${tokens.access}`);
    return config;
  });
  axios.interceptors.response.use(undefined, async (error: AxiosError) => {
    const { config, response } = error;
    if (response?.status !== 401 || config === undefined || sentTwice.has(config)) throw error;
    sentTwice.add(config);
    renewal ??= tokens.renew().finally(() => {
      renewal = undefined;
    });
    await renewal;
    return axios(config);
  });
  // #endregion
  const { data } = await axios.get<Orders>('/orders');
  console.log(`interceptors: ${data.orders.length} order`);
}

async function withClient(): Promise<void> {
  // #region interceptors-after
  const shop = new Client(({ signal }) => tokens.renew(signal), { baseUrl: 'https://api.shop.example' });
  const { orders } = await shop.get('orders').json<Orders>();
  // #endregion
  console.log(`client: ${orders.length} order`);

  // #region keep-axios
  const axios = axiosLibrary.create({ baseURL, adapter: 'fetch', env: { fetch: shop.fetch } });
  const { data } = await axios.get<Orders>('/orders');
  // #endregion
  console.log(`axios on the client: ${data.orders.length} order`);
}

async function withResponse(): Promise<void> {
  // #region response
  const redeem: TokenProvider = ({ refreshToken, signal }) => {
    if (refreshToken === undefined) return null;
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
    return fetch('https://id.shop.example/token', { method: 'POST', body, signal });
  };
  const initial = {
    access_token: tokens.access,
    expires_at: tokens.expiresAt,
    refresh_token: tokens.refresh,
  };
  const shop = new Client(accessToken(redeem, { initial }), { baseUrl: 'https://api.shop.example' });
  // #endregion
  const { orders } = await shop.get('orders').json<Orders>();
  console.log(`stored token: ${orders.length} order`);
  await shop.session.refresh().catch(() => console.log(`as it is: ${shop.session.snapshot.status}`));
}

async function withSessionEnded(): Promise<void> {
  // #region session-ended
  const renew: TokenProvider = async ({ signal }) => {
    try {
      return await tokens.renew(signal);
    } catch (error) {
      if (tokens.areRefused(error)) throw new SessionError('SESSION_ENDED', { cause: error });
      throw error;
    }
  };
  // #endregion
  const initial = { access_token: 'access-token-revoked' };
  const shop = new Client(accessToken(renew, { initial }), { baseUrl: 'https://api.shop.example' });
  await shop.get('orders').catch((error: unknown) => console.log(`thrown: ${(error as ValetError).code}`));
}

async function showsTheLogin(shop: Client): Promise<void> {
  // #region errors
  try {
    await shop.get('orders').json();
  } catch (error) {
    if (!ValetError.is(error)) throw error;
    if (error.code === 'SESSION_ENDED' || error.code === 'SIGNED_OUT') login.show();
    else throw error;
  }
  // #endregion
}

async function withAuthRefresh(): Promise<void> {
  tokens.access = 'access-token-revoked';
  // #region auth-refresh-before
  const axios = axiosLibrary.create({ baseURL, adapter: 'fetch' });
  axios.interceptors.request.use((config) => {
    config.headers.set('authorization', `Bearer ${tokens.access}`);
    return config;
  });
  createAuthRefreshInterceptor(axios, async ({ response }) => {
    const token = await tokens.renew();
    response.config.headers.set('authorization', `Bearer ${token}`);
  });
  // #endregion
  const { data } = await axios.get<Orders>('/orders');
  console.log(`axios-auth-refresh: ${data.orders.length} order`);
}

async function withFetcher(): Promise<void> {
  // #region fetcher-before
  const fetcher = auth0.createFetcher({ baseUrl: 'https://api.shop.example' });
  const response = await fetcher.fetchWithAuth('orders');
  // #endregion
  console.log(`fetcher: ${response.status}`);
}

async function withAuth0(): Promise<void> {
  // #region fetcher-after
  const shop = new Client(
    async ({ forceRefresh }) =>
      (await auth0.getTokenSilently({ cacheMode: forceRefresh ? 'off' : 'on' })) ?? null,
    { baseUrl: 'https://api.shop.example' },
  );
  const response = await shop.fetch('orders');
  // #endregion
  console.log(`auth0: ${response.status}`);
}

const login = { show: (): void => console.log('the login page') };

await withInterceptors();
await withClient();
await showsTheLogin(new Client(() => null, { baseUrl: baseURL }));
await withAuthRefresh();
Object.assign(tokens, { access: 'access-token-stored', refresh: 'refresh-token-ended' });
await withResponse();
await withSessionEnded();
await withFetcher();
await withAuth0();
