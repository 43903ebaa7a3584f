import { json, listen, problem } from './http.ts';
import { type DemoTokens, type DemoUser, TokenEndpoint, type TokenEndpointMode } from './token-endpoint.ts';

export interface Order {
  readonly id: number;
  readonly [field: string]: unknown;
}

/** What the server saw: enough for a trace, and never a token. */
export interface UserApiRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

export interface UserApi {
  readonly origin: string;
  readonly tokenUrl: string;
  /** How many refresh tokens were redeemed with success. */
  readonly refreshes: number;
  readonly requests: readonly UserApiRequest[];
  /** What a login page would have brought home. */
  signIn(user: DemoUser): Promise<DemoTokens>;
  /** Refuses every access token issued so far; refresh tokens still work. */
  revokeAccessTokens(): void;
  setTokenEndpoint(mode: TokenEndpointMode): void;
  readonly close: () => Promise<void>;
}

export interface UserApiOptions {
  /** Of an access token, in seconds. */
  readonly tokenLifetime?: number;
  readonly port?: number;
}

/** An API with user data and short-lived access tokens, and the token endpoint that renews them. */
export async function startUserApi({ tokenLifetime = 3, port = 0 }: UserApiOptions = {}): Promise<UserApi> {
  const tokens = new TokenEndpoint(tokenLifetime);
  const orders = new Map<string, Order[]>();
  const requests: UserApiRequest[] = [];

  const { origin, close } = await listen(port, async (request) => {
    const { pathname } = new URL(request.url);
    const response =
      pathname === '/token' ? await tokens.answer(request) : await answer(request, pathname, tokens, orders);
    requests.push({ method: request.method, path: pathname, status: response.status });
    return response;
  });

  return {
    origin,
    tokenUrl: `${origin}/token`,
    get refreshes() {
      return tokens.refreshes;
    },
    requests,
    signIn: (user) => tokens.signIn(user),
    revokeAccessTokens: () => tokens.revokeAccessTokens(),
    setTokenEndpoint: (mode) => {
      tokens.mode = mode;
    },
    close,
  };
}

/** The API proper: first who is calling, then what they want. */
async function answer(
  request: Request,
  path: string,
  tokens: TokenEndpoint,
  orders: Map<string, Order[]>,
): Promise<Response> {
  const accessToken = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  // RFC 6750 section 3.1: whoever sent no credentials is told the scheme and no error.
  if (accessToken === undefined) return unauthorized('Send an access token.', 'Bearer');
  const caller = await tokens.check(accessToken);
  if ('refused' in caller) {
    const challenge = `Bearer error="invalid_token", error_description="${caller.refused}"`;
    return unauthorized(`Refused: ${caller.refused}.`, challenge);
  }
  const { user } = caller;
  const route = `${request.method} ${path}`;
  if (route === 'GET /me') return json(user);
  if (route === 'GET /orders') return json({ orders: ordersOf(user, orders) });
  if (route === 'POST /orders') return placeOrder(request, ordersOf(user, orders));
  return problem(404, 'Not Found', `There is no ${route} here.`);
}

function unauthorized(detail: string, challenge: string): Response {
  return problem(401, 'Unauthorized', detail, { 'www-authenticate': challenge });
}

function ordersOf(user: DemoUser, orders: Map<string, Order[]>): Order[] {
  const own = orders.get(user.id) ?? [{ id: 1, item: 'coffee beans', quantity: 2 }];
  orders.set(user.id, own);
  return own;
}

async function placeOrder(request: Request, orders: Order[]): Promise<Response> {
  let body: unknown;
  try {
    body = await request.json();
  } catch {
    return problem(400, 'Bad Request', 'The body is not JSON.');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return problem(422, 'Unprocessable Content', 'An order is a JSON object.');
  }
  const order: Order = { ...body, id: orders.length + 1 };
  orders.push(order);
  return json(order, 201, { location: `/orders/${order.id}` });
}
