/** The SHA-256 of `text` in base64url: a PKCE challenge, a thumbprint, the hash of a token. */
export async function digest(text: string): Promise<string> {
  // The buffer may be of another realm, as under jsdom: nothing is asked of its class.
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', encode(text))));
}

export function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Without padding (RFC 7515 §2). */
export function base64url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
