/** A real authorization server for the example, written in JavaScript: its library has no types. */
import type { Person } from './people.ts';

export interface AuthorizationServerOptions {
  readonly people: readonly Person[];
  /** Every scope of the API. */
  readonly scopes: readonly string[];
  /** The API that access tokens are for. */
  readonly audience: string;
  /** Of an access token, in seconds: 60. */
  readonly lifetime?: number;
  readonly port?: number;
}

export interface AuthorizationServer {
  readonly issuer: string;
  /** How many refresh tokens were redeemed. */
  readonly refreshes: number;
  /** While it is `true`, the token endpoint answers 503. */
  isDown: boolean;
  /** Where the login may send users back to. They are known once the dashboard listens. */
  redirectTo(...uris: readonly string[]): void;
  /** From now on the API refuses the access tokens that `user` holds; the refresh tokens still work. */
  expire(user: string): void;
  /** Ends every login of `user`: the access tokens and the refresh tokens. */
  revoke(user: string): Promise<void>;
  /** Whether an access token of `user` was issued before the last `expire` or `revoke`. */
  readonly isOver: (user: string, generation: unknown) => boolean;
  close(): Promise<void>;
}

export function startAuthorizationServer(options: AuthorizationServerOptions): Promise<AuthorizationServer>;
