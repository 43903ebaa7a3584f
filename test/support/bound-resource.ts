import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, decodeJwt, EmbeddedJWK, jwtVerify } from 'jose';
import { type Received, startServer, type TestServer } from './server.ts';

/** A proof that a server of a test has checked. */
interface SeenProof {
  readonly jti: string;
  readonly nonce: string | undefined;
  readonly thumbprint: string;
}

/** An API that takes tokens only with a proof of their key (RFC 9449 §7), and is strict about it. */
export interface BoundResource extends TestServer {
  readonly proofs: readonly SeenProof[];
  /** What the next proofs have to carry; `undefined`: none. */
  nonce: string | undefined;
  /** Refuses these tokens as no longer good. */
  readonly revoked: Set<string>;
  /** Milliseconds that its clock is ahead. */
  ahead: number;
  /** The path leads on to this URL. */
  readonly redirects: Map<string, string>;
}

const TOLERANCE = 60;

export async function startBoundResource(nonce?: string): Promise<BoundResource> {
  const proofs: SeenProof[] = [];
  const state = { nonce, revoked: new Set<string>(), ahead: 0, redirects: new Map<string, string>() };
  const server = await startServer(async (request, response) => {
    if (state.nonce !== undefined) response.setHeader('dpop-nonce', state.nonce);
    response.setHeader('date', new Date(Date.now() + state.ahead).toUTCString());
    const error = await problemOf(request, server.origin, state, proofs);
    const location = state.redirects.get(request.url);
    if (error !== undefined)
      response.writeHead(401, { 'www-authenticate': `DPoP error="${error}", algs="ES256"` }).end();
    else if (location !== undefined) response.writeHead(307, { location }).end();
    else response.end(`${request.method} ${request.body.toString()}`.trim());
  });
  return Object.assign(state, {
    origin: server.origin,
    received: server.received,
    proofs,
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  });
}

async function problemOf(
  { headers, method, url }: Received,
  origin: string,
  { nonce, revoked, ahead }: Pick<BoundResource, 'nonce' | 'revoked' | 'ahead'>,
  proofs: SeenProof[],
): Promise<string | undefined> {
  const token = /^DPoP (.+)$/.exec(headers.authorization ?? '')?.[1];
  const proof = headers.dpop;
  if (token === undefined || typeof proof !== 'string') return 'invalid_token';
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt' });
  const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk ?? {});
  const { jti = '', iat = 0, htm, htu, ath } = payload;
  const now = (Date.now() + ahead) / 1000;
  const isRight =
    htm === method &&
    htu === new URL(url, origin).href.replace(/\?.*/, '') &&
    ath === createHash('sha256').update(token).digest('base64url') &&
    Math.abs(now - iat) <= TOLERANCE &&
    !proofs.some((seen) => seen.jti === jti);
  if (!isRight) return 'invalid_dpop_proof';
  if (payload.nonce !== nonce) return 'use_dpop_nonce';
  proofs.push({ jti, nonce: payload.nonce as string | undefined, thumbprint });
  const { cnf } = decodeJwt<{ cnf?: { jkt?: string } }>(token);
  return cnf?.jkt !== thumbprint || revoked.has(token) ? 'invalid_token' : undefined;
}
