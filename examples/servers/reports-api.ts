import { jwtVerify } from 'jose';
import { json, listen, problem } from './http.ts';

/** What the API was sent: enough to see that it gets the token and no cookie. */
export interface ReportsRequest {
  readonly method: string;
  readonly status: number;
  readonly hasToken: boolean;
  readonly cookie: string | null;
}

export interface ReportsApi {
  readonly origin: string;
  readonly requests: readonly ReportsRequest[];
  readonly close: () => Promise<void>;
}

/** What a token of the vending machine says. */
interface Pass {
  readonly resource?: string;
  readonly rights?: readonly string[];
}

/** An API that takes the tokens of a vending machine. It knows no user and no session, only what a token says. */
export async function startReportsApi(secret: string): Promise<ReportsApi> {
  const requests: ReportsRequest[] = [];
  const reports = new Map([
    ['/reports/7', { title: 'Coffee, by month' }],
    ['/reports/8', { title: 'Salaries' }],
  ]);

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const pass = await passOf(request, secret);
    if (pass === undefined) {
      const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
      return problem(401, 'Unauthorized', 'The token is not valid.', challenge);
    }
    if (pass.resource !== pathname) return problem(403, 'Forbidden', 'The token is for another report.');
    const right = request.method === 'GET' ? 'read' : 'write';
    if (!pass.rights?.includes(right)) return problem(403, 'Forbidden', `The token does not ${right}.`);
    if (request.method === 'PUT') reports.set(pathname, (await request.json()) as { title: string });
    return json(reports.get(pathname));
  }

  const { origin, close } = await listen(0, async (request) => {
    const response = await answer(request);
    const { method, headers } = request;
    const hasToken = headers.has('authorization');
    requests.push({ method, status: response.status, hasToken, cookie: headers.get('cookie') });
    return response;
  });
  return { origin, requests, close };
}

async function passOf(request: Request, secret: string): Promise<Pass | undefined> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
  try {
    const { payload } = await jwtVerify<Pass>(token, new TextEncoder().encode(secret));
    return payload;
  } catch {
    return undefined;
  }
}
