/** What a careful person writes by hand: expiry check, single flight, one replay after a 401. The yardstick. */

export interface WrapperToken {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Headers are a plain object here: a wrapper for one's own calls need not take every form that `fetch` does. */
type PlainInit = Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> };

export type WrappedFetch = (url: string, init?: PlainInit) => Promise<Response>;

export function wrapFetch(getToken: () => Promise<WrapperToken>, initial?: WrapperToken): WrappedFetch {
  let token = initial;
  let flight: Promise<WrapperToken> | undefined;
  const renew = async (): Promise<WrapperToken> => {
    flight ??= getToken().finally(() => (flight = undefined));
    token = await flight;
    return token;
  };
  const send = (url: string, init: PlainInit | undefined, { value }: WrapperToken): Promise<Response> =>
    fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${value}` } });
  return async (url, init) => {
    const used = token !== undefined && token.expiresAt > Date.now() ? token : await renew();
    const response = await send(url, init, used);
    if (response.status !== 401) return response;
    const newer = token !== undefined && token !== used ? token : await renew();
    return send(url, init, newer);
  };
}
