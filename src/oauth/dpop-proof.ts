import { invalidOption } from '../options.ts';
import { base64url, digest, encode } from './digest.ts';

/** A key that tokens are bound to, ready to sign with. */
export interface BoundKey {
  readonly pair: CryptoKeyPair;
  /** The public part, as a proof shows it. */
  readonly jwk: Readonly<Record<string, string>>;
  readonly algorithm: Signing;
  /** The thumbprint of `jwk` (RFC 7638). */
  readonly thumbprint: string;
}

/** What a proof says (RFC 9449 §4.2). */
export interface Statement {
  readonly url: URL;
  readonly method: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly nonce?: string | undefined;
  /** The access token that goes along with it. */
  readonly token?: string | undefined;
}

/** A JWS algorithm, and how Web Crypto knows it. */
interface Signing {
  readonly name: string;
  readonly parameters: AlgorithmIdentifier | EcdsaParams;
}

/** The members that make a thumbprint, in the order of RFC 7638 §3.2. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

/**
 * Rejects with `ConfigError` `INVALID_OPTION` where the pair cannot sign.
 */
export async function boundKey(pair: CryptoKeyPair): Promise<BoundKey> {
  const algorithm = signingOf(pair.privateKey);
  const exported = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as Record<string, string>;
  const members = REQUIRED[exported.kty ?? ''] ?? [];
  const jwk = Object.fromEntries(members.map((name) => [name, exported[name] ?? '']));
  return { pair, jwk, algorithm, thumbprint: await digest(JSON.stringify(jwk)) };
}

/** A proof for one request: a JWT that says which, signed with the key (RFC 9449 §4.2). */
export async function signProof(key: BoundKey, statement: Statement): Promise<string> {
  const { url, method, issuedAt, nonce, token } = statement;
  const header = { typ: 'dpop+jwt', alg: key.algorithm.name, jwk: key.jwk };
  const payload = {
    jti: crypto.randomUUID(),
    htm: method,
    htu: `${url.origin}${url.pathname}`,
    iat: issuedAt,
    ...(nonce !== undefined && { nonce }),
    ...(token !== undefined && { ath: await digest(token) }),
  };
  const signed = [header, payload].map((part) => base64url(encode(JSON.stringify(part)))).join('.');
  const signature = await crypto.subtle.sign(key.algorithm.parameters, key.pair.privateKey, encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

function signingOf({ algorithm, usages }: CryptoKey): Signing {
  const { name, namedCurve } = algorithm as EcKeyAlgorithm;
  if (usages.includes('sign')) {
    if (name === 'Ed25519') return { name, parameters: { name } };
    if (name === 'ECDSA' && namedCurve === 'P-256')
      return { name: 'ES256', parameters: { name, hash: 'SHA-256' } };
  }
  throw invalidOption('dpop.keyPair is a pair of keys for signing: ECDSA with P-256, or Ed25519.');
}
