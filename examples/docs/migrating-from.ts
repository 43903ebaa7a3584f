/** Stand-ins for what the guide to migrations leads away from, in the shape of the published packages. */
import type { AxiosError, AxiosInstance } from 'axios';

/** The refused request, as `axios-auth-refresh` hands it over. */
interface FailedRequest extends AxiosError {
  readonly response: NonNullable<AxiosError['response']>;
}

/** `axios-auth-refresh`: its default export, without options. */
export function createAuthRefreshInterceptor(
  instance: AxiosInstance,
  refreshAuthLogic: (failed: FailedRequest) => Promise<unknown>,
): number {
  let refreshing: Promise<unknown> | undefined;
  return instance.interceptors.response.use(undefined, async (error: FailedRequest) => {
    if (error.response?.status !== 401) throw error;
    refreshing ??= refreshAuthLogic(error).finally(() => {
      refreshing = undefined;
    });
    await refreshing;
    return instance(error.response.config);
  });
}

/** What most apps throw. */
class RenewalError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`refresh failed ${status}`);
    this.status = status;
  }
}

/** What an app keeps of its login. */
export const tokens = {
  access: 'access-token-revoked',
  refresh: 'refresh-token-of-the-login',
  expiresAt: Date.now() + 600_000,

  async renew(signal?: AbortSignal): Promise<string> {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refresh });
    const response = await fetch('https://id.shop.example/token', {
      method: 'POST',
      body,
      signal: signal ?? null,
    });
    if (!response.ok) throw new RenewalError(response.status);
    const answer = (await response.json()) as { access_token: string; refresh_token: string };
    tokens.access = answer.access_token;
    tokens.refresh = answer.refresh_token;
    return tokens.access;
  },

  areRefused: (error: unknown): boolean => error instanceof RenewalError && error.status === 400,
};

/** `@auth0/auth0-spa-js`, as far as it is used here. */
export const auth0 = {
  getTokenSilently: (options: { cacheMode?: 'on' | 'off' } = {}): Promise<string | undefined> =>
    Promise.resolve(`auth0-cache-${options.cacheMode ?? 'default'}`),

  createFetcher: ({ baseUrl = '' }: { baseUrl?: string }) => ({
    async fetchWithAuth(path: string): Promise<Response> {
      const authorization = `Bearer ${await auth0.getTokenSilently()}`;
      return fetch(`${baseUrl}/${path}`, { headers: { authorization } });
    },
  }),
};
