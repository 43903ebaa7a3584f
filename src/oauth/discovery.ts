import { type Binding, readBound } from '../bound-refresh-token.ts';
import type { EndedSession, Host, TokenContext, TokenResult, TokenSource } from '../contracts.ts';
import { TokenError } from '../errors.ts';
import { invalidOption } from '../options.ts';
import { platformFetch } from '../platform.ts';
import { Approval } from './approval.ts';
import { bindResult } from './bound-result.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { clientCredentials } from './client-credentials.ts';
import type { FinishedLogin } from './code-login.ts';
import type { DiscoveredOptions, FoundServer } from './discovered.ts';
import { Dpop } from './dpop.ts';
import type { LoginStorage } from './pending-logins.ts';
import { covers, resourceMetadata } from './resource-metadata.ts';

/** A resource may name as many as it likes, and somebody may be asked about each. */
const MOST_ISSUERS = 20;

/** What is known of where tokens come from. */
interface Found extends Binding {
  readonly source: TokenSource & Login;
}

/** What a grant with a login has. */
interface Login {
  signIn?(...options: unknown[]): Promise<void>;
  handleRedirect?(): Promise<FinishedLogin | undefined>;
}

/** A source that learns from the first 401 whom to ask. */
export class Discovery<Source extends TokenSource> implements TokenSource {
  readonly discovers = true;
  readonly proof?: Dpop;
  readonly #options: DiscoveredOptions<Source>;
  readonly #approval: Approval;
  readonly #grant: (found: FoundServer) => TokenSource;
  readonly #listeners = new Set<(isAtHand?: unknown) => unknown>();
  #host: Host | undefined;
  #found: Found | undefined;

  constructor(options: DiscoveredOptions<Source>) {
    const { issuers = [], approve, grant, dpop, clientId } = options;
    this.#options = options;
    this.#approval = new Approval(issuers, approve);
    this.#grant = grant ?? clientCredentials;
    if (dpop) this.proof = Dpop.of(dpop, `discovered ${clientId}`);
  }

  connect(host: Host): void {
    this.#host = host;
    this.#found?.source.connect?.(host);
  }

  async getToken(context: TokenContext): Promise<TokenResult> {
    const { refreshToken: stored, ...rest } = context;
    // A refresh token of unknown origin is shown to nobody.
    const bound = stored === undefined ? undefined : readBound(stored);
    if (!bound || !this.#isFound(bound)) {
      // A login may just have brought tokens.
      const found = this.#found ?? (bound ? undefined : await this.#discover(context));
      const result = (await found?.source.getToken(rest)) ?? null;
      if (found && result !== null) return bindResult(result, found);
    }
    if (bound && !this.#isFound(bound)) checkResource(bound, context);
    const found = bound && (await this.#use(bound));
    if (!found) return null;
    const result = await found.source.getToken({ ...rest, refreshToken: bound.refreshToken });
    return bindResult(result, found);
  }

  subscribe(changed: (isAtHand?: unknown) => void): () => void {
    const listener = (isAtHand?: unknown): unknown => changed(isAtHand);
    this.#listeners.add(listener);
    // A login may have come before the client was made: its source tells whoever is new.
    this.#found?.source.subscribe?.(listener)();
    return () => void this.#listeners.delete(listener);
  }

  signOut(ended: EndedSession): Promise<void> {
    return this.#endedBy(ended, 'signOut');
  }

  afterSignOut(ended: EndedSession): Promise<void> {
    return this.#endedBy(ended, 'afterSignOut');
  }

  revoke(late: EndedSession): Promise<void> {
    return this.#endedBy(late, 'revoke');
  }

  async signIn(...options: unknown[]): Promise<void> {
    if (!this.#found)
      throw invalidOption('It is not known yet where to sign in. Send a request first: its 401 tells.');
    const { source, issuer, resource } = this.#found;
    if (!source.signIn) throw withoutLogin();
    this.#storage()?.setItem(this.#key, JSON.stringify([issuer, resource]));
    await source.signIn(...options);
  }

  async handleRedirect(): Promise<FinishedLogin | undefined> {
    const stored = this.#storage()?.getItem(this.#key);
    const pair = typeof stored === 'string' ? parsePair(stored) : undefined;
    if (!this.#found && pair) await this.#use(pair);
    const login = this.#found?.source;
    if (!login) return undefined;
    if (!login.handleRedirect) throw withoutLogin();
    return login.handleRedirect();
  }

  async #endedBy(ended: EndedSession, what: 'signOut' | 'afterSignOut' | 'revoke'): Promise<void> {
    const bound = ended.refreshToken === undefined ? undefined : readBound(ended.refreshToken);
    const found = bound ? await this.#use(bound) : this.#found;
    await found?.source[what]?.({ ...ended, refreshToken: bound?.refreshToken });
  }

  /** Where the resource says that its tokens come from, if there is somebody who may be asked (RFC 9728 §5). */
  async #discover({ resource, challenge, signal }: TokenContext): Promise<Found | undefined> {
    // Without a 401 there is nothing to go by: the first request goes out bare.
    if (resource === undefined || challenge === undefined) return undefined;
    const fetch = boundedFetch(this.#options.fetch ?? platformFetch);
    const named = challenge.parameters.get('resource_metadata');
    const metadata = await resourceMetadata(new URL(resource), named, fetch, signal);
    const scopes = challenge.parameters.get('scope')?.split(' ');
    for (const issuer of metadata.authorizationServers.slice(0, MOST_ISSUERS)) {
      const found = await this.#use({ issuer, resource: metadata.resource }, scopes);
      if (found) return found;
    }
    throw notApproved(metadata.authorizationServers);
  }

  /** The source for an issuer, if that may be asked. What was stored or said before is judged anew. */
  async #use(pair: Binding, scopes?: readonly string[]): Promise<Found | undefined> {
    const { issuer, resource } = pair;
    if (this.#isFound(pair)) return this.#found;
    if (!(await this.#approval.mayAsk(issuer, resource))) return undefined;
    const { issuers: _, approve: _approve, grant: _grant, storage: _storage, ...options } = this.#options;
    const dpop = this.proof?.handOn();
    const found = { scopes, ...options, dpop, issuer, audience: resource };
    const source = this.#grant(found);
    if (this.#host) source.connect?.(this.#host);
    const tell = (isAtHand?: unknown): unknown =>
      Promise.all(Array.from(this.#listeners, (listener) => listener(isAtHand)));
    source.subscribe?.(tell);
    this.#found = { issuer, resource, source };
    return this.#found;
  }

  #isFound({ issuer, resource }: Binding): boolean {
    return this.#found?.issuer === issuer && this.#found.resource === resource;
  }

  get #key(): string {
    return `fetch-valet:discovered:${this.#options.clientId}`;
  }

  #storage(): LoginStorage | undefined {
    return this.#options.storage ?? (globalThis as { sessionStorage?: LoginStorage }).sessionStorage;
  }
}

/** Two clients may have got the same store by mistake: then one's tokens are not for the other's resource. */
function checkResource(bound: Binding, { resource }: TokenContext): void {
  const url = URL.parse(bound.resource);
  if (resource === undefined || (url !== null && covers(url, new URL(resource)))) return;
  throw new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      `No access token: the stored session is for ${bound.resource.slice(0, 200)}, and not for ` +
      `${new URL(resource).origin}. One discovered() is for one resource: give each a store of its own.`,
  });
}

function parsePair(text: string): Binding | undefined {
  try {
    const [issuer, resource] = JSON.parse(text) as readonly unknown[];
    return typeof issuer === 'string' && typeof resource === 'string' ? { issuer, resource } : undefined;
  } catch {
    return undefined;
  }
}

function withoutLogin(): Error {
  return invalidOption(
    'The grant of discovered() has no login: authorizationCode() and deviceCode() have one.',
  );
}

function notApproved(issuers: readonly string[]): TokenError {
  return new TokenError('TOKEN_ENDPOINT_REJECTED', {
    message:
      `No access token: the resource wants tokens of ${issuers.slice(0, 3).join(', ').slice(0, 200)}, which is not ` +
      'among the issuers that may be asked. Nothing was sent there. If it is right, add it to issuers.',
  });
}
