import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { json, listen, problem, type RunningServer } from '../../servers/http.ts';
import { type Order, OrderBook } from './order-book.ts';
import type { Person } from './people.ts';

export interface UserApiOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly people: readonly Person[];
  /** Whether a token of `user` was ended before its time. */
  readonly isOver: (user: string, generation: unknown) => boolean;
  /** The pages that may ask. Read at each request. */
  readonly origins: readonly string[];
  readonly port?: number;
}

interface Caller {
  readonly person: Person;
  readonly scopes: readonly string[];
}

/** An API with user data. It knows its callers by their access tokens alone. */
export function startUserApi(options: UserApiOptions): Promise<RunningServer> {
  const keys = createRemoteJWKSet(new URL('/jwks', options.issuer));
  const book = new OrderBook();
  return listen(options.port ?? 0, async (request) => {
    const origin = request.headers.get('origin') ?? '';
    const allowed = options.origins.includes(origin) ? origin : undefined;
    const response =
      request.method === 'OPTIONS' ? new Response() : await answer(request, options, keys, book);
    if (allowed !== undefined) response.headers.set('access-control-allow-origin', allowed);
    for (const [name, value] of Object.entries(CORS)) response.headers.set(name, value);
    return response;
  });
}

const CORS = {
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'authorization, content-type',
  'access-control-expose-headers': 'www-authenticate',
  'access-control-max-age': '600',
  'cache-control': 'no-store',
  vary: 'origin',
};

type Keys = ReturnType<typeof createRemoteJWKSet>;

async function answer(
  request: Request,
  options: UserApiOptions,
  keys: Keys,
  book: OrderBook,
): Promise<Response> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (token === undefined) return unauthorized('Bearer');
  const caller = await check(token, options, keys);
  if (typeof caller === 'string')
    return unauthorized(`Bearer error="invalid_token", error_description="${caller}"`);
  return route(request, caller, book);
}

async function check(token: string, options: UserApiOptions, keys: Keys): Promise<Caller | string> {
  const { issuer, audience, people, isOver } = options;
  try {
    const { payload } = await jwtVerify<{ scope?: string; generation?: number }>(token, keys, {
      issuer,
      audience,
    });
    const person = people.find(({ id }) => id === payload.sub);
    if (person === undefined || isOver(person.id, payload.generation)) return 'The access token was revoked';
    return { person, scopes: payload.scope?.split(' ') ?? [] };
  } catch (error) {
    return error instanceof errors.JWTExpired ? 'The access token expired' : 'The access token is not valid';
  }
}

async function route(request: Request, { person, scopes }: Caller, book: OrderBook): Promise<Response> {
  const { pathname } = new URL(request.url);
  const needs = (scope: string, then: () => Response | Promise<Response>): Response | Promise<Response> =>
    scopes.includes(scope) ? then() : forbidden(scope);
  const refunded = /^\/orders\/(\d+)\/refund$/.exec(pathname)?.[1];
  switch (`${request.method} ${refunded === undefined ? pathname : '/orders/refund'}`) {
    case 'GET /profile': {
      const { scopes: _, ...profile } = person;
      return json(profile);
    }
    case 'GET /orders':
      return needs('orders:read', () => json({ orders: book.of(person.id) }));
    case 'GET /summary':
      return needs('orders:read', () => json(book.summary(person.id)));
    case 'POST /orders':
      return needs('orders:write', () => placeOrder(request, person, book));
    case 'POST /orders/refund':
      return needs('orders:refund', () => {
        const order = book.refund(person.id, Number(refunded));
        return order ? json(order) : problem(404, 'Not Found', 'There is no such order.');
      });
    default:
      return problem(404, 'Not Found', `There is no ${pathname} here.`);
  }
}

async function placeOrder(request: Request, person: Person, book: OrderBook): Promise<Response> {
  const { item, quantity, note } = (await request.json().catch(() => ({}))) as Partial<Order>;
  const isOrder = typeof item === 'string' && typeof quantity === 'number' && quantity >= 1 && quantity <= 99;
  if (!isOrder)
    return problem(422, 'Unprocessable Content', 'An order has an item and a quantity of 1 to 99.');
  return json(book.place(person.id, item, Math.floor(quantity), String(note ?? '')), 201);
}

function unauthorized(challenge: string): Response {
  return problem(401, 'Unauthorized', 'A valid access token is needed.', { 'www-authenticate': challenge });
}

function forbidden(scope: string): Response {
  const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
  return problem(403, 'Forbidden', `The access token was not granted ${scope}.`, {
    'www-authenticate': challenge,
  });
}
