/** A real authorization server for tests, written in JavaScript: its library has no types. */
export interface AuthorizationServerOptions {
  /** Seconds that an access token lives: 60. */
  readonly lifetime?: number;
  readonly redirectUris?: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
  /** Whether users see pages, rather than say at once who they are. */
  readonly pages?: boolean;
  /** Whether DPoP proofs need a nonce of the server (RFC 9449 §8). */
  readonly dpopNonce?: boolean;
  /** Further resources that tokens are made for, as JWTs. */
  readonly resources?: readonly string[];
  /** The public key of the client `signer`. */
  readonly signerKey?: Record<string, unknown>;
}

export interface AuthorizationServer {
  readonly issuer: string;
  /** How often the token endpoint was asked, by grant type. */
  readonly asked: ReadonlyMap<string, number>;
  /** Who signs in at the server's pages next; `undefined`: says no. */
  user: string | undefined;
  /** Method and path of each request so far. */
  readonly received: readonly string[];
  /**
   * Whether the connection of a request is cut, by its number, from 1: before it is read, after it is done and before
   * the answer, or in the middle of the answer.
   */
  cut: ((count: number, request: string) => 'request' | 'answer' | 'half' | undefined) | undefined;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A real authorization server on loopback, with rotating refresh tokens: their second use kills the family. */
export function startAuthorizationServer(options?: AuthorizationServerOptions): Promise<AuthorizationServer>;
