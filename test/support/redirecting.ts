import type { ServerResponse } from 'node:http';
import { type Received, sendJson } from './server.ts';

/**
 * A handler: `/to?status=307&location=…` redirects, `/status/401` answers with that status, and everything else
 * answers with what it was sent, as JSON.
 */
export function redirecting(request: Received, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url, 'http://server.invalid');
  if (pathname === '/to') {
    const location = searchParams.get('location');
    response
      .writeHead(Number(searchParams.get('status') ?? 302), location === null ? {} : { location })
      .end();
  } else if (pathname.startsWith('/status/')) {
    sendJson(response, { said: 'status' }, Number(pathname.slice('/status/'.length)));
  } else {
    const { method, url, headers, body } = request;
    sendJson(response, { method, url, headers, body: body.toString() });
  }
}

/** The path of {@link redirecting} that leads to `location`. */
export function to(location: string, status = 302): string {
  return `/to?${new URLSearchParams({ status: String(status), location })}`;
}
