import type { AuthStrategy, Outgoing } from '../contracts.ts';
import type { ConfigError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import { isRequest } from './body.ts';
import { discard, type Exchange, type Hop, type Next, type Stage } from './exchange.ts';
import { fence } from './fence.ts';
import type { Policy } from './guard.ts';
import { nextHop, refuse } from './next-hop.ts';

const MOST_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Follows redirects one hop at a time where the platform lets us see them, and decides at every hop anew whether
 * the credential goes along (rule S3). Elsewhere a redirect that could carry a key away is refused.
 */
export function redirects(strategy: AuthStrategy, policy: Policy, platform: () => Platform): Stage {
  return (exchange, next) => {
    exchange.hop = {
      href: exchange.href,
      method: exchange.method,
      headers: undefined,
      withBody: true,
      allowed: true,
    };
    exchange.redirected = false;
    exchange.outgoing = { redirect: redirectMode(exchange, strategy, platform()) };
    const asked = callersMode(exchange);
    const answer = next(exchange);
    // Bare requests, and callers who decide for themselves, get what the platform does.
    const decided = asked === 'manual' || (asked === 'error' && platform() !== 'workerd');
    if (exchange.credential === undefined || decided) return answer;
    return answer.then(
      (response) => {
        if (isRedirect(response)) return follow(exchange, next, response, strategy, policy);
        // A browser that followed by itself took Authorization off on the way to another origin.
        if (response.redirected && !isSameOrigin(response.url, exchange.href)) exchange.carried = false;
        return response;
      },
      (error: unknown) => {
        throw refusedByPlatform(exchange, error) ?? error;
      },
    );
  };
}

function callersMode({ init, input }: Exchange): RequestRedirect | undefined {
  return init.redirect ?? (isRequest(input) ? input.redirect : undefined);
}

function redirectMode(exchange: Exchange, strategy: AuthStrategy, platform: Platform): RequestRedirect {
  const asked = callersMode(exchange);
  if (asked === 'manual' || (asked === 'error' && platform !== 'workerd')) return asked;
  if (exchange.body?.isStream === true && platform !== 'workerd') return 'error';
  if (exchange.credential === undefined) return asked ?? 'follow';
  // Browsers take Authorization off by themselves when a redirect leaves the origin; other headers they carry on.
  return platform === 'browser' && strategy.placement === 'authorization' ? 'follow' : 'manual';
}

function isSameOrigin(href: string, other: string): boolean {
  return new URL(href).origin === new URL(other).origin;
}

function isRedirect(response: Response): boolean {
  return (
    response.type === 'opaqueredirect' || (REDIRECTS.has(response.status) && response.headers.has('location'))
  );
}

async function follow(
  exchange: Exchange,
  next: Next,
  first: Response,
  strategy: AuthStrategy,
  policy: Policy,
): Promise<Response> {
  let response = first;
  for (let count = 0; isRedirect(response); count++) {
    discard(response);
    if (response.type === 'opaqueredirect')
      throw refuse(exchange, strategy.learn ? PROOF_REASON : BROWSER_REASON);
    if (exchange.body?.isStream === true) throw refuse(exchange, STREAM_REASON);
    if (callersMode(exchange) === 'error')
      throw refuse(exchange, "the server redirected it, and it says redirect: 'error'");
    if (count === MOST_REDIRECTS)
      throw refuse(exchange, `it was redirected more than ${MOST_REDIRECTS} times`);
    exchange.hop = nextHop(exchange, response, policy, await writtenBy(strategy, exchange));
    exchange.redirected = true;
    // Signing out in the middle of a chain ends it: the next hop would carry a credential that is no more.
    fence(exchange, strategy);
    response = await next(exchange);
  }
  return response;
}

const BROWSER_REASON =
  'the server redirected it, and a browser would carry the key along to wherever that leads, ' +
  'unless it is sent as Authorization';
const PROOF_REASON =
  'the server redirected it, a browser does not show where to, and its proof is good for one URL only';
const STREAM_REASON = 'the server redirected it, and a stream cannot be sent twice';

/** What the strategy writes, tried on a blank hop: whatever looks the same is a credential, whoever wrote it. */
async function writtenBy(strategy: AuthStrategy, exchange: Exchange): Promise<Outgoing> {
  const { href, method } = exchange.hop as Hop;
  const blank = { url: new URL('/', href), method, headers: new Headers() };
  await strategy.apply(blank, exchange.credential);
  return blank;
}

/** With `redirect: 'error'` the platform only says that something failed; undici says what. */
function refusedByPlatform(exchange: Exchange, error: unknown): ConfigError | undefined {
  const cause = error instanceof TypeError ? (error.cause as { message?: unknown } | undefined) : undefined;
  if (exchange.body?.isStream !== true || cause?.message !== 'unexpected redirect') return undefined;
  return refuse(exchange, STREAM_REASON);
}
