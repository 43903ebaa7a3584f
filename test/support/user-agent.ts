/** A browser of sorts: follows redirects with a cookie jar, and fills in the forms of an authorization server. */
export interface UserAgent {
  /** Goes on until a URL begins with `stop`, or a page is shown. */
  go(url: string, stop?: string): Promise<{ url: string; body: string | undefined }>;
  /** Types in a device's user code and says yes, or no. */
  approveDevice(page: string, says?: 'yes' | 'no'): Promise<void>;
}

const MOST_HOPS = 12;

export function createUserAgent(): UserAgent {
  const jar = new Map<string, string>();
  const send = async (url: string, init: RequestInit): Promise<Response> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(init.headers as Record<string, string>), accept: 'text/html', cookie };
    const response = await fetch(url, { ...init, redirect: 'manual', headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  };
  const follow = async (
    start: string,
    init: RequestInit,
    stop: string | undefined,
  ): Promise<{ url: string; body: string | undefined }> => {
    let url = start;
    let next = init;
    for (let hop = 0; hop < MOST_HOPS; hop++) {
      if (stop !== undefined && url.startsWith(stop)) return { url, body: undefined };
      const response = await send(url, next);
      const location = response.headers.get('location');
      if (location === null) return { url, body: await response.text() };
      await response.body?.cancel();
      url = new URL(location, url).href;
      next = {};
    }
    throw new Error('too many redirects');
  };
  return {
    go: (url, stop) => follow(url, {}, stop),
    async approveDevice(page, says = 'yes') {
      const first = await follow(page, {}, undefined);
      let { url } = first;
      let body = first.body ?? '';
      for (let form = 0; form < 4 && body.includes('name="xsrf"'); form++) {
        const action = /action="([^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? url;
        const fields = new URLSearchParams({
          xsrf: /name="xsrf" value="([^"]+)"/.exec(body)?.[1] ?? '',
          user_code: new URL(page).searchParams.get('user_code') ?? '',
          [says === 'yes' ? 'confirm' : 'abort']: 'yes',
        });
        const shown = await follow(new URL(action, url).href, { method: 'POST', body: fields }, undefined);
        url = shown.url;
        body = shown.body ?? '';
      }
    },
  };
}
