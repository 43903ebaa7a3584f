import { ConfigError } from '../errors.ts';
import { invalidOption } from '../options.ts';
import { isLoopback, type Platform } from '../platform.ts';
import { isRequest } from './body.ts';
import type { Exchange, Stage } from './exchange.ts';
import { nameOf, summarize } from './exchange.ts';
import { baseOf } from './resolve.ts';
import type { Settings } from './settings.ts';

/** Why a URL may not see the credential. */
type Refusal = 'ORIGIN_NOT_ALLOWED' | 'INSECURE_URL';

/** Decides which URLs may see the credential (rules S1, S2). */
export interface Policy {
  refusal(href: string): Refusal | undefined;
  /** The same for everything under the base URL, looked up once. */
  baseRefusal(): Refusal | undefined;
  readonly origins: () => readonly string[];
}

export function createPolicy(settings: Settings, platform: () => Platform): Policy {
  const base = baseOf(settings);
  let baseOrigin: string | undefined;
  const origins = (): readonly string[] => {
    const root = base();
    if (root !== undefined) baseOrigin ??= new URL(root).origin;
    return [...(baseOrigin === undefined ? [] : [baseOrigin]), ...settings.allowedOrigins];
  };
  const refusal = (href: string): Refusal | undefined => {
    const { protocol, origin, hostname } = new URL(href);
    // blob: URLs have the origin of their page, and nobody listens there.
    const http = protocol === 'https:' || protocol === 'http:';
    if (!http || !origins().includes(origin)) return 'ORIGIN_NOT_ALLOWED';
    const secure =
      protocol === 'https:' ||
      isLoopback(hostname, platform() === 'browser') ||
      settings.httpOrigins.has(origin);
    return secure ? undefined : 'INSECURE_URL';
  };
  let baseAnswer: { readonly refusal: Refusal | undefined } | undefined;
  let baseRoot: string | undefined;
  return {
    origins,
    refusal(href) {
      if (baseRoot === undefined && base() !== undefined) baseRoot = `${new URL(base() ?? '').origin}/`;
      // A serialized URL that begins so has that origin, and no user info.
      return baseRoot !== undefined && href.startsWith(baseRoot) ? this.baseRefusal() : refusal(href);
    },
    baseRefusal() {
      baseAnswer ??= { refusal: refusal(base() ?? '') };
      return baseAnswer.refusal;
    },
  };
}

/** Refuses a credentialed request before anything is sent or looked up. */
export function guard(policy: Policy): Stage {
  return (exchange, next) => {
    if (exchange.auth === false) return next(exchange);
    const refusal = exchange.onBase ? policy.baseRefusal() : policy.refusal(exchange.href);
    if (refusal !== undefined) throw refused(exchange, refusal, policy);
    if (!exchange.onBase) refuseUserInfo(exchange.href, nameOf(exchange));
    if (modeOf(exchange) === 'no-cors') {
      throw invalidOption(
        `${nameOf(exchange)}: mode 'no-cors' cannot carry a credential safely. Use 'cors', or auth: false.`,
      );
    }
    return next(exchange);
  };
}

/** User info is a credential that somebody else wrote, and the host that a hasty reader sees. */
export function refuseUserInfo(href: string, name: string): void {
  if (!href.includes('@')) return;
  const { username, password } = new URL(href);
  if (username === '' && password === '') return;
  throw invalidOption(`${name}: the URL holds user info. Take it out: the client writes the credential.`);
}

function modeOf({ init, input }: Exchange): string | undefined {
  return init.mode ?? (isRequest(input) ? input.mode : undefined);
}

function refused(exchange: Exchange, refusal: Refusal, policy: Policy): ConfigError {
  const request = summarize(exchange);
  if (refusal === 'INSECURE_URL') {
    const { origin } = new URL(exchange.href);
    const message =
      `Not sent: ${origin} is http:, where anybody on the way can read the credential. ` +
      `Use https:, or dangerouslyAllowHttp: ['${origin}'].`;
    return new ConfigError(refusal, { message, request });
  }
  const allowed = policy.origins().join(', ') || 'none: it has no baseUrl';
  const { origin } = new URL(exchange.href);
  const message =
    `Not sent: ${origin === 'null' ? new URL(exchange.href).protocol : origin} is not an origin of this client ` +
    `(${allowed}), and the credential would leak. Use extend({ baseUrl }) or allowedOrigins, or pass auth: false.`;
  return new ConfigError(refusal, { message, request });
}
