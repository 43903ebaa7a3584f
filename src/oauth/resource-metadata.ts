import { TokenError } from '../errors.ts';
import { isLoopback } from '../platform.ts';
import type { BoundedFetch } from './bounded-fetch.ts';

/** What a resource says of itself (RFC 9728 §2). */
export interface ResourceMetadata {
  /** Its identifier: what tokens for it are asked for with (RFC 8707). */
  readonly resource: string;
  readonly authorizationServers: readonly string[];
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * Asks a resource where its tokens come from. `named` is what its 401 said; without it the document has its usual
 * place (RFC 9728 §3). It is asked for at the resource's own origin only, and it has to speak of this resource.
 *
 * Rejects with `TokenError` `TOKEN_ENDPOINT_REJECTED`, `TOKEN_ENDPOINT_UNAVAILABLE`
 */
export async function resourceMetadata(
  requested: URL,
  named: string | undefined,
  fetch: BoundedFetch,
  signal: AbortSignal | undefined,
): Promise<ResourceMetadata> {
  const url = named === undefined ? usualPlace(requested) : URL.parse(named);
  if (url === null || !isAt(url, requested))
    throw unusable(requested, 'the metadata that its 401 names is not at its own origin');
  const headers = { accept: 'application/json' };
  const response = await fetch(url.href, { method: 'GET', headers, ...(signal && { signal }) });
  if (response.status >= 500 || response.status === 429) throw unavailable(requested, response.status);
  if (response.status !== 200) throw unusable(requested, `its metadata answered ${response.status}`);
  const body: unknown = await response.json().catch(() => undefined);
  const found = readMetadata(body);
  if (found === undefined) throw unusable(requested, 'its metadata names no resource or no issuer');
  const resource = URL.parse(found.resource);
  if (resource === null || !covers(resource, requested))
    throw unusable(requested, `its metadata speaks of another resource, ${found.resource.slice(0, 200)}`);
  return found;
}

/**
 * Two clients may have got the same store by mistake: then the tokens of one are not for the other's resource.
 *
 * @throws `TokenError` `TOKEN_ENDPOINT_REJECTED`
 */
export function checkCovers(resource: string, requested: string | undefined): void {
  const url = URL.parse(resource);
  if (requested === undefined || (url !== null && covers(url, new URL(requested)))) return;
  throw new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      `No access token: the stored session is for ${resource.slice(0, 200)}, and not for ` +
      `${new URL(requested).origin}. One discovered() is for one resource: give each a store of its own.`,
  });
}

/** Whether a URL belongs to a resource: the same origin, and a path below its path. */
export function covers(resource: URL, { origin, pathname }: URL): boolean {
  const { username, password, search, hash } = resource;
  if (resource.origin !== origin || `${username}${password}${search}${hash}` !== '') return false;
  const root = resource.pathname.endsWith('/') ? resource.pathname : `${resource.pathname}/`;
  return `${pathname}/`.startsWith(root);
}

function usualPlace({ origin, pathname }: URL): URL {
  return new URL(`${WELL_KNOWN}${pathname === '/' ? '' : pathname}`, origin);
}

/** Nobody but the resource is asked: what it names may be anything (SSRF). */
function isAt(url: URL, requested: URL): boolean {
  const isSecure = url.protocol === 'https:' || isLoopback(url.hostname, false);
  return isSecure && url.origin === requested.origin && url.username === '' && url.password === '';
}

function readMetadata(body: unknown): ResourceMetadata | undefined {
  const own = (name: string): unknown =>
    Object.hasOwn(Object(body) as object, name) ? (body as Record<string, unknown>)[name] : undefined;
  const [resource, servers] = [own('resource'), own('authorization_servers')];
  if (typeof resource !== 'string' || !Array.isArray(servers) || servers.length === 0) return undefined;
  const authorizationServers = servers.filter((server) => typeof server === 'string');
  return authorizationServers.length === servers.length ? { resource, authorizationServers } : undefined;
}

function unusable({ origin }: URL, why: string): TokenError {
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      `No access token: ${origin} answered 401, and does not say where its tokens come from: ${why}. ` +
      'Name the issuer: use the grant itself instead of discovered().',
  });
}

function unavailable({ origin }: URL, status: number): TokenError {
  return new TokenError('TOKEN_ENDPOINT_UNAVAILABLE', {
    message: `No access token: where ${origin} says which tokens it takes, it answered ${status}. It is tried again.`,
    status,
    retryable: true,
  });
}
