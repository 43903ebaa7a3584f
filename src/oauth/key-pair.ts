/** `CryptoKeyPair`, without the name: only the types of browsers have it, and a server may do without those. */
export type KeyPair = Extract<
  Awaited<ReturnType<typeof crypto.subtle.generateKey>>,
  { readonly privateKey: unknown }
>;
