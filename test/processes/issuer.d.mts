/** A real authorization server, and an API, written in JavaScript: its library has no types. */
export interface Issuer {
  readonly origin: string;
  /** Refresh tokens that were exchanged for new ones, and by whom. */
  readonly redeemed: readonly { readonly pid: number; readonly token: string; readonly at: number }[];
  readonly refused: readonly { readonly pid: number; readonly token?: string; readonly error: string }[];
  /** What the API was sent, and when the program began to send it. */
  readonly sent: readonly { readonly pid: number; readonly token: string; readonly begun: number }[];
  /** Families that were revoked since somebody used a refresh token for the second time. */
  readonly revoked: number;
  /** Sees a request to the token endpoint first. `true`: it is dropped, and nothing is redeemed. */
  intercept: ((pid: number) => boolean) | undefined;
  /** Signs a user in: what the token endpoint would answer. */
  login(): Promise<{ access_token: string; refresh_token: string; expires_in: number }>;
  close(): Promise<void>;
}

/** `lifetime`: seconds that an access token lives, 2. */
export function startIssuer(options?: { readonly lifetime?: number }): Promise<Issuer>;
