/**
 * Every seam of fetch-valet, types only. Read this file first.
 *
 * A request goes down `pipeline/`, which asks an {@link AuthStrategy} for a credential; the strategy may ask
 * `token/`, which asks the user's {@link TokenProvider}. Time, randomness and `fetch` are handed in by a
 * {@link Host}, so nothing here reads a global.
 *
 * @module
 */
import type { SessionError } from './errors.ts';
import type { EventSink } from './events.ts';
import type { Redactor } from './redact.ts';

export type { EventSink, Redactor };

/** A value, or a promise of one. Lets the simplest implementation of a seam stay synchronous. */
export type Awaitable<T> = T | Promise<T>;

/** Sends one request. The platform's `fetch` is one. */
export type FetchLike = typeof globalThis.fetch;

/** Headers in any form that `fetch` takes. */
export type HeadersInput = NonNullable<RequestInit['headers']>;

/** A body in any form that `fetch` takes. */
export type BodyInput = NonNullable<RequestInit['body']>;

/** Where time comes from. Every duration is in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch. It may jump when somebody sets the clock. */
  now(): number;
  /** Milliseconds that never jump back. They may stand still while the machine sleeps. */
  monotonic(): number;
  /**
   * Calls `run` after `ms`. Returns the function that cancels it. The process stays alive for it only with
   * `keepAlive`: somebody waits for what comes of it.
   */
  setTimeout(run: () => void, ms: number, keepAlive?: boolean): () => void;
  /** Tells when waiting may be over early: the network is back, the tab is visible. Returns `off`. */
  onWake?(listener: () => void): () => void;
}

/** What a token has to be good for: the scopes and the audience that name its slot (rule T12). */
export interface Need {
  /** Each once, in alphabetical order. */
  readonly scopes: readonly string[];
  readonly audience?: string | undefined;
}

/** What a client hands to its strategy, once, before use. */
export interface Host {
  readonly fetch: FetchLike;
  readonly clock: Clock;
  random(): number;
  /** Aborts when the client is closed. */
  readonly signal: AbortSignal;
  readonly events: EventSink;
  readonly redactor: Redactor;
  /** What the first client's requests ask for, unless they say otherwise. */
  readonly need?: Need | undefined;
}

/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface Challenge {
  /** The scheme in lower case, such as `bearer`. */
  readonly scheme: string;
  /** The one value of schemes that carry no parameters. */
  readonly token68?: string;
  /** Parameter names in lower case; the first of two equal names wins. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** What a credential is asked for with. */
export interface CredentialQuery<Credential = unknown> extends Need {
  /** Aborts when this caller gives up. Work that others share must not stop for it. */
  readonly signal?: AbortSignal | undefined;
  /** The URL asked for. */
  readonly resource: string;
  /** What the server said with its 401 or 403. */
  readonly challenge?: Challenge | undefined;
  /**
   * The credential the server has just refused. Return a different one, or return this very object
   * to say that there is nothing better to offer: then nothing is sent again (rule P2).
   */
  readonly rejected?: Credential | undefined;
  /** The epoch the request belongs to; a credential of another one is refused (rule T8). */
  readonly epoch?: number | undefined;
}

/** One hop of a request, as a strategy writes its credential on it. It is a copy: nobody else sees it. */
export interface Outgoing {
  url: URL;
  readonly method: string;
  headers: Headers;
}

/** Where a credential is written. It decides what a redirect may carry (rule S3). */
export type Placement = 'authorization' | 'header' | 'query';

/** How a request proves who is calling: where the credential comes from and where it is written. */
export interface AuthStrategy<Credential = unknown, User extends SessionUser = SessionUser> {
  /** Names the strategy in errors and events. Never a secret. */
  readonly name: string;
  readonly placement: Placement;
  /** What it writes, such as `header x-api-key`: two strategies that write the same cannot be combined. */
  readonly writes?: string;
  /** For strategies that know a user. */
  readonly session?: Session<User>;
  /** Whether a first request may go out without a credential, for its 401 to tell where to get one (rule T5). */
  readonly discovers?: boolean;
  /** Called once, before use. */
  connect?(host: Host): void;
  /** Gets the credential to send: synchronously when one is at hand. */
  credential(query: CredentialQuery<Credential>): Awaitable<Credential>;
  /**
   * Gets a credential that may do more, after a 403 `insufficient_scope` (RFC 6750 §3.1). The same object as
   * `query.rejected`: the 403 stands (rule T13).
   */
  stepUp?(query: CredentialQuery<Credential>): Awaitable<Credential>;
  /** Writes `credential` on the URL and the headers of one hop. */
  apply(outgoing: Outgoing, credential: Credential): Awaitable<void>;
  /** Learns what servers teach with a response. `true` sends this hop once more. */
  learn?(response: Response, outgoing: Outgoing): boolean;
  /** Whether what is known of the user may be old: a request that starts now belongs to whoever is found (rule T8). */
  isStale?(): boolean;
  /** The epoch of `credential`, or of the user known now; `undefined` where none is known yet (rule T8). */
  epoch?(credential?: Credential): number | undefined;
  /** A fingerprint or a label of `credential`, for events. Never the secret itself. */
  describe?(credential: Credential): string;
  /** One sentence on what was sent and where, for the message of a 401. Never the secret itself. */
  explain?(credential: Credential): string;
}

/** One access token of one epoch: the credential of token strategies. */
export interface AccessToken {
  readonly value: string;
  readonly epoch: number;
}

/** Why a token provider is asked. */
export type TokenReason = 'initial' | 'expiring' | 'rejected' | 'scope';

/** What a token provider is asked with. */
export interface TokenContext {
  readonly reason: TokenReason;
  /** Do not answer from a cache. */
  readonly forceRefresh: boolean;
  /** The token a server has just refused with a 401. */
  readonly rejectedToken?: string;
  /** The token in use, while it is good. Return it to say that there is no newer one yet. */
  readonly currentToken?: string;
  /** The newest refresh token that an earlier {@link TokenResponse} brought. */
  readonly refreshToken?: string;
  readonly scopes: readonly string[];
  readonly audience?: string;
  /** The URL that the token is for. */
  readonly resource?: string;
  readonly challenge?: Challenge;
  /**
   * Aborts at sign-out, at a sign-in, at `close()`, and when the call is given up: after `deadline`, or after 40 s
   * where there is a `refreshToken` (rule T4). Never because a caller has gone, not even the only one.
   */
  readonly signal: AbortSignal;
}

/** Whatever a token endpoint answers (RFC 6749 §5.1), in its own or in camel case. */
export interface TokenResponse {
  readonly token?: string | null | undefined;
  readonly accessToken?: string | null | undefined;
  readonly access_token?: string | null | undefined;
  readonly authToken?: string | null | undefined;
  /** Seconds from now. */
  readonly expiresIn?: number | string | null | undefined;
  readonly expires_in?: number | string | null | undefined;
  /** A date, an ISO text, milliseconds since the epoch, or seconds when below 1e11. */
  readonly expiresAt?: Date | number | string | null | undefined;
  readonly expires_at?: Date | number | string | null | undefined;
  readonly refreshToken?: string | null | undefined;
  readonly refresh_token?: string | null | undefined;
  readonly idToken?: string | null | undefined;
  readonly id_token?: string | null | undefined;
  readonly scope?: string | null | undefined;
  readonly tokenType?: string | null | undefined;
  readonly token_type?: string | null | undefined;
}

/** A token, a token response, the endpoint's `Response` as it is, or `null`: nobody is signed in. */
export type TokenResult = string | TokenResponse | Response | null;

/** Hands out an access token when asked. Called once at a time per session: it needs no lock of its own. */
export type TokenProvider = (context: TokenContext) => Awaitable<TokenResult>;

/** A token provider that also knows when its own state changed and how to sign out. */
export interface TokenSource {
  getToken: TokenProvider;
  /** Called by each client that it is given to, before anything is asked: what it warns of and what it hides. */
  connect?(host: Host): void;
  /**
   * Calls `changed` when its sign-in state changed on its own; with `true` where the tokens of a login are at hand:
   * they are taken at once. Returns the function that stops it.
   */
  subscribe?(changed: (isAtHand?: unknown) => void): () => void;
  signOut?(ended: EndedSession): Awaitable<void>;
  /** Called last at a sign-out, once `signOut` is done and the store has it: the page may be left then. */
  afterSignOut?(ended: EndedSession): Awaitable<void>;
  /** Takes back tokens that came too late, after a sign-out or a switch of user: nobody wants them (rule T8). */
  revoke?(late: EndedSession): Awaitable<void>;
  /** Where its tokens are bound to a key. */
  readonly proof?: TokenProof;
  /** Whether it may begin with the 401 of a first request without a token (RFC 9728). */
  readonly discovers?: true;
}

/** Tokens that are good only together with a key: each request proves that its sender holds it (RFC 9449). */
export interface TokenProof {
  /** Writes `token` and a proof on the headers of one hop. */
  apply(outgoing: Outgoing, token: string): Awaitable<void>;
  /** Learns what servers want in the next proof. `true` sends this hop once more. */
  learn(response: Response, outgoing: Outgoing): boolean;
  /** The thumbprint of the key in use (RFC 7638): shared sessions record which key their tokens are bound to. */
  thumbprint(): Awaitable<string>;
  /** Whether the key with this thumbprint is at hand. From then on it is the one in use. */
  holds(thumbprint: string): Awaitable<boolean>;
  /** Whether all who may share a session with this source have the same key. */
  readonly isShared: boolean;
}

/** What is left of a session after its sign-out, for its source to revoke. */
export interface EndedSession {
  /** The token that told who the user is. */
  readonly accessToken?: string | undefined;
  readonly refreshToken?: string | undefined;
  readonly idToken?: string | undefined;
}

/** One access token in a session document. Times are on the store's clock. */
export interface StoredToken {
  /** What requests ask for to get it (rule T12). */
  readonly need: Need;
  /** What it was asked with, and what it was granted. */
  readonly asked: readonly string[];
  readonly granted: readonly string[];
  readonly token: string;
  readonly received: number;
  /** Milliseconds from receipt. */
  readonly lifetime?: number;
}

/** Somebody is redeeming the refresh token of a document: nobody else may (rule T14). */
export interface SessionClaim {
  readonly id: string;
  /** Who claimed it, as `owner` of its store names it. */
  readonly owner?: string;
  /** When, on the store's clock. */
  readonly at: number;
}

/** A session as tabs, processes and hosts share it. It is JSON, and it holds secrets. */
export interface SessionDocument {
  readonly format: 1;
  /** Grows with every write and is never used again. */
  readonly version: number;
  /** Grows with every sign-out, switch of user and first sign-in, and is never used again. */
  readonly epoch: number;
  /** `signed-out` is what a sign-out leaves behind, so that the others hear of it. */
  readonly state: 'none' | 'signed-in' | 'signed-out' | 'ended';
  readonly userId?: string;
  readonly idToken?: string;
  readonly refreshToken?: string;
  /** The thumbprint of the key that the tokens are bound to (RFC 9449 §6.1). */
  readonly jkt?: string;
  /** The token that told who the user is comes first. */
  readonly tokens: readonly StoredToken[];
  readonly claim?: SessionClaim;
}

/** Keeps one session document. What it throws is a bad moment: no refresh token is redeemed meanwhile. */
export interface TokenStore {
  /** What is stored, as it was given to `swap`; `undefined`: nothing. It is checked before use. */
  read(): Awaitable<unknown>;
  /**
   * Stores `next` if what is stored has the version of `expected` (`undefined`: if nothing is stored), as one step.
   * `false`: it has not.
   */
  swap(expected: SessionDocument | undefined, next: SessionDocument): Awaitable<boolean>;
  /** Milliseconds since the epoch, by a clock that all who share the store agree on. */
  now(): Awaitable<number>;
  /** Names whoever holds this object. */
  readonly owner?: string;
  /** Whether `owner` has provably died. */
  ownerGone?(owner: string): Awaitable<boolean>;
  /** Calls `changed` when somebody else may have stored something. Without it the store is read again on use. */
  subscribe?(changed: () => void): () => void;
  /** Tokens are read and never redeemed, nor is anything written: for servers that render pages. */
  readonly readOnly?: boolean;
  /** Where it has never worked, memory will do: browsers may refuse storage to a page. */
  readonly optional?: boolean;
}

/** A store that `accessToken()` takes: `sharedStore()` makes one, and so do the stores of `fetch-valet/stores`. */
export interface SharedStore {
  readonly store: TokenStore;
  /** How a session is shared through it. It comes with the store, so that who has none does not carry it. */
  readonly share: (parts: never) => unknown;
}

/** The claims of a JWT. Read for display and expiry only: nobody has checked the signature. */
export type Claims = Readonly<Record<string, unknown>>;

/** Who is signed in. For more than the id, say what it is with the option `user` of `accessToken()`. */
export interface SessionUser {
  readonly id: string;
}

/** What is known of the session now. The same object until the status or the user changes. */
export type SessionSnapshot<User extends SessionUser = SessionUser> =
  | { readonly status: 'loading' }
  | { readonly status: 'signed-out' }
  | { readonly status: 'signed-in'; readonly user: User }
  | { readonly status: 'ended'; readonly user: User; readonly error: SessionError };

/** Who is signed in on a client, and how to change that. */
export interface Session<User extends SessionUser = SessionUser> {
  readonly snapshot: SessionSnapshot<User>;
  /** Resolves with the first snapshot that is not `loading`. Never rejects. */
  readonly ready: Promise<SessionSnapshot<User>>;
  /** Calls `listener` after each new snapshot, and after a login of the same user. Returns the function that stops it. */
  subscribe(listener: () => void): () => void;
  /** Gets a fresh token now. Rejects with a `TokenError` or a `SessionError`. */
  refresh(): Promise<void>;
  /**
   * Starts or continues a session with the tokens of a login, which are taken as fresh. Tokens that were kept
   * belong into `initial`. Rejects with `TOKEN_INVALID`.
   */
  signIn(tokens: TokenResponse): Promise<void>;
  signOut(): Promise<void>;
  /**
   * Whether an access token of the session was granted `scope`; while it is `ended`, one of the last. For showing or
   * hiding things, never for security.
   */
  hasScope(scope: string): boolean;
}
