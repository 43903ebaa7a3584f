import { type Binding, readBinding, readBound, writeBinding } from '../bound-refresh-token.ts';
import type { EndedSession, Host, TokenContext, TokenResult, TokenSource } from '../contracts.ts';
import { invalidOption } from '../options.ts';
import { platformFetch } from '../platform.ts';
import { Approval } from './approval.ts';
import { bindResult } from './bound-result.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { clientCredentials } from './client-credentials.ts';
import type { FinishedLogin } from './code-login.ts';
import type { DiscoveredOptions, FoundServer } from './discovered.ts';
import { moved, notApproved, withoutLogin } from './discovery-errors.ts';
import { Dpop } from './dpop.ts';
import type { LoginStorage } from './pending-logins.ts';
import { checkCovers, type ResourceMetadata, resourceMetadata } from './resource-metadata.ts';

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
  /** Whether the last question was about a token that the resource had refused. */
  #wasRefused = false;

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
    const next = await this.#follow(context);
    if (next) {
      const begun = await next.source.getToken(rest);
      if (begun === null) throw moved(next.resource, next.issuer);
      return bindResult(begun, next);
    }
    // A refresh token of unknown origin is shown to nobody.
    const bound = stored === undefined ? undefined : readBound(stored);
    if (!bound || !this.#isFound(bound)) {
      // A login may just have brought tokens.
      const found = this.#found ?? (bound ? undefined : await this.#discover(context));
      const result = (await found?.source.getToken(rest)) ?? null;
      if (found && result !== null) return bindResult(result, found);
    }
    if (bound && !this.#isFound(bound)) checkCovers(bound.resource, context.resource);
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
    const { source } = this.#found;
    if (!source.signIn) throw withoutLogin();
    this.#storage()?.setItem(this.#key, writeBinding(this.#found));
    await source.signIn(...options);
  }

  async handleRedirect(): Promise<FinishedLogin | undefined> {
    const noted = readBinding(this.#storage()?.getItem(this.#key) ?? '');
    if (!this.#found && noted) await this.#use(noted);
    const login = this.#found?.source;
    if (!login) return undefined;
    if (!login.handleRedirect) throw withoutLogin();
    return login.handleRedirect();
  }

  async #endedBy(ended: EndedSession, what: 'signOut' | 'afterSignOut' | 'revoke'): Promise<void> {
    const bound = ended.refreshToken === undefined ? undefined : readBound(ended.refreshToken);
    const found = bound ? await this.#use(bound) : this.#found;
    // Nobody knows who has issued an access token that has no refresh token with it.
    const accessToken = bound && ended.accessToken;
    await found?.source[what]?.({ ...ended, accessToken, refreshToken: bound?.refreshToken });
  }

  /** Where the resource says that its tokens come from, if there is somebody who may be asked (RFC 9728 §5). */
  async #discover(context: TokenContext): Promise<Found | undefined> {
    // Without a 401 there is nothing to go by: the first request goes out bare.
    const metadata = await this.#ask(context);
    if (!metadata) return undefined;
    const { resource, authorizationServers } = metadata;
    const scope = context.challenge?.parameters.get('scope');
    for (const issuer of authorizationServers.slice(0, MOST_ISSUERS)) {
      const found = await this.#use({ issuer, resource, scope });
      if (found) return found;
    }
    throw notApproved(authorizationServers, this.#options.approve !== undefined);
  }

  async #ask({ resource, challenge, signal }: TokenContext): Promise<ResourceMetadata | undefined> {
    if (resource === undefined || challenge === undefined) return undefined;
    const fetch = boundedFetch(this.#options.fetch ?? platformFetch);
    return resourceMetadata(new URL(resource), challenge.parameters.get('resource_metadata'), fetch, signal);
  }

  /**
   * Whom the resource names by now, where that is no longer who was found (RFC 9728 §5.2). It is asked only once it has
   * refused two tokens in a row: what redeems a refresh token should not wait for it. Nor does it wait for approvals.
   */
  async #follow(context: TokenContext): Promise<Found | undefined> {
    const isRefused = context.reason === 'rejected';
    const isAgain = isRefused && this.#wasRefused;
    this.#wasRefused = isRefused;
    if (!isAgain || !this.#found) return undefined;
    const { issuer: former, resource } = this.#found;
    // One that cannot be asked just now has not moved, as far as is known.
    const metadata = await this.#ask(context).catch(() => undefined);
    if (metadata?.resource !== resource) return undefined;
    const issuers = metadata.authorizationServers.slice(0, MOST_ISSUERS);
    if (issuers.some((issuer) => URL.parse(issuer)?.href === URL.parse(former)?.href)) return undefined;
    const issuer = issuers.find((name) => this.#approval.lists(name));
    const scope = context.challenge?.parameters.get('scope');
    return issuer === undefined ? undefined : this.#use({ issuer, resource, scope });
  }

  /** The source for an issuer, if that may be asked. What was stored or said before is judged anew. */
  async #use({ issuer, resource, scope }: Binding): Promise<Found | undefined> {
    if (this.#isFound({ issuer, resource })) return this.#found;
    if (!(await this.#approval.mayAsk(issuer, resource))) return undefined;
    const { issuers: _, approve: _approve, grant: _grant, storage: _storage, ...options } = this.#options;
    const dpop = this.proof?.handOn();
    const found = { scopes: scope?.split(' '), ...options, dpop, issuer, audience: resource };
    const source = this.#grant(found);
    if (this.#host) source.connect?.(this.#host);
    const tell = (isAtHand?: unknown): unknown =>
      Promise.all(Array.from(this.#listeners, (listener) => listener(isAtHand)));
    source.subscribe?.(tell);
    this.#found = { issuer, resource, scope, source };
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
