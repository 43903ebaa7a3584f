/** Base64 of the UTF-8 bytes of `text`, or of `bytes`; `url`: for URLs, without padding (RFC 4648 §5). */
export function base64(text: string | Uint8Array, alphabet: 'plain' | 'url' = 'plain'): string {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const plain = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return alphabet === 'plain' ? plain : plain.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Text that is nowhere else: 24 characters that are also fit for URLs and headers. */
export function randomText(): string {
  // Not `randomUUID`: pages that did not come over HTTPS have none.
  return base64(crypto.getRandomValues(new Uint8Array(18)), 'url');
}
