/** Everything that is compared, each set up the way its own documentation does it. */
import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client';
import axios from 'axios';
import { pipeline, withTokenRefresh } from 'fetch-extras';
import ky from 'ky';
import { ofetch } from 'ofetch';
import wretch from 'wretch';
import { connectAzure } from './azure.ts';
import { OURS, OURS_WITH_TOKEN } from './ours.ts';
import type { World } from './world.ts';
import { wrapFetch } from './wrapper.ts';

/** Gets one URL and reads its JSON. */
export type GetJson = (path: string) => Promise<unknown>;

export interface Contender {
  readonly name: string;
  readonly connect: (world: World) => GetJson;
}

export const WRAPPER = 'hand-written wrapper';
export const PLAIN_KY = 'ky, static header';

const wrapper: Contender = {
  name: WRAPPER,
  connect({ origin, initial, issue }) {
    const dated = ({ value, expiresIn }: typeof initial) => ({
      value,
      expiresAt: Date.now() + expiresIn * 1000,
    });
    const send = wrapFetch(() => issue().then(dated), dated(initial));
    return async (path) => (await send(origin + path)).json();
  },
};

const raw: Contender = {
  name: 'fetch, no credential',
  connect:
    ({ origin }) =>
    async (path) =>
      (await fetch(origin + path)).json(),
};

const plainKy: Contender = {
  name: PLAIN_KY,
  connect({ origin, initial }) {
    const api = ky.create({ headers: { authorization: `Bearer ${initial.value}` } });
    return (path) => api.get(origin + path).json();
  },
};

const hookedKy: Contender = {
  name: 'ky, beforeRequest hook',
  connect({ origin, initial }) {
    const api = ky.create({
      hooks: {
        beforeRequest: [({ request }) => request.headers.set('authorization', `Bearer ${initial.value}`)],
      },
    });
    return (path) => api.get(origin + path).json();
  },
};

/** The refresh of ky's readme. */
const refreshingKy: Contender = {
  name: 'ky, afterResponse hook',
  connect({ origin, initial, issue }) {
    let token = initial.value;
    const api = ky.create({
      hooks: {
        beforeRequest: [({ request }) => request.headers.set('authorization', `Bearer ${token}`)],
        afterResponse: [
          async ({ request, response }) => {
            if (response.status !== 401) return response;
            token = (await issue()).value;
            const headers = new Headers(request.headers);
            headers.set('authorization', `Bearer ${token}`);
            return ky.retry({ request: new Request(request, { headers }) });
          },
        ],
      },
    });
    return (path) => api.get(origin + path).json();
  },
};

const ofetchWithHeader: Contender = {
  name: 'ofetch, onRequest hook',
  connect({ origin, initial }) {
    const api = ofetch.create({
      baseURL: origin,
      onRequest: ({ options }) => options.headers.set('authorization', `Bearer ${initial.value}`),
    });
    return (path) => api<unknown>(path);
  },
};

const wretchWithAuth: Contender = {
  name: 'wretch, auth()',
  connect({ origin, initial }) {
    const api = wretch(origin).auth(`Bearer ${initial.value}`);
    return (path) => api.get(path).json();
  },
};

const axiosWithInterceptor: Contender = {
  name: 'axios, interceptor',
  connect({ origin, memory, initial }) {
    const api = axios.create({
      baseURL: origin,
      adapter: 'fetch',
      ...(memory && { env: { fetch: memory } }),
    });
    api.interceptors.request.use((config) => {
      config.headers.set('authorization', `Bearer ${initial.value}`);
      return config;
    });
    return async (path) => (await api.get<unknown>(path)).data;
  },
};

const oauth2Fetch: Contender = {
  name: '@badgateway/oauth2-client',
  connect({ origin, initial, issue }) {
    const asToken = ({ value, expiresIn }: typeof initial) => ({
      accessToken: value,
      refreshToken: null,
      expiresAt: Date.now() + expiresIn * 1000,
    });
    const api = new OAuth2Fetch({
      client: new OAuth2Client({ server: origin, clientId: 'bench' }),
      getStoredToken: () => asToken(initial),
      getNewToken: async () => asToken(await issue()),
      scheduleRefresh: false,
    });
    return async (path) => (await api.fetch(origin + path)).json();
  },
};

const fetchExtras: Contender = {
  name: 'fetch-extras withTokenRefresh',
  connect({ origin, initial, issue }) {
    let token = initial.value;
    // As its readme does: the header beside the call, the refresh in the pipeline.
    const refreshToken = async (): Promise<string> => (token = (await issue()).value);
    const send = pipeline(fetch, withTokenRefresh({ refreshToken }));
    return async (path) =>
      (await send(origin + path, { headers: { authorization: `Bearer ${token}` } })).json();
  },
};

const azure: Contender = { name: 'azure core-rest-pipeline', connect: connectAzure };

/** All that send a credential, after the two that the others are measured by. */
export const CONTENDERS: readonly Contender[] = [
  raw,
  wrapper,
  ...OURS,
  plainKy,
  hookedKy,
  refreshingKy,
  ofetchWithHeader,
  wretchWithAuth,
  fetchExtras,
  azure,
  oauth2Fetch,
  axiosWithInterceptor,
];

/** Those that get a token by themselves when theirs has expired. */
export const REFRESHING: readonly Contender[] = [
  wrapper,
  ...OURS_WITH_TOKEN,
  refreshingKy,
  fetchExtras,
  azure,
  oauth2Fetch,
];
