interface ImportMetaEnv {
  /** The authorization server. */
  readonly VITE_ISSUER: string;
  /** The API with user data. */
  readonly VITE_API: string;
  /** The name of that API at the authorization server. */
  readonly VITE_AUDIENCE: string;
}
