import type { IssuerMood } from '../contracts/identity-sdk.ts';

const HOUR = 3600;

/** The part of an issuer that all have: moods, and tokens that name their user. */
export class Issuer {
  mood: IssuerMood = 'hands out';
  calls = 0;
  #issued = 0;

  /** What it says to one question for tokens. */
  decide(): IssuerMood {
    this.calls += 1;
    const { mood } = this;
    if (mood === 'has a bad moment') this.mood = 'hands out';
    return mood;
  }

  /** A JWT that is good for an hour, another one each time. SDKs look at its header. */
  token(sub: string, claims: Readonly<Record<string, unknown>> = {}): string {
    const iat = Math.floor(Date.now() / 1000);
    const payload = { sub, iat, exp: iat + HOUR, jti: `token-${++this.#issued}`, ...claims };
    return [{ alg: 'RS256', typ: 'JWT' }, payload, 'signature'].map(encode).join('.');
  }
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** The user whom a token of {@link Issuer} names. */
export function subjectOf(token: string): string {
  const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    sub: string;
  };
  return sub;
}

/** The form that a token endpoint is sent. */
export function formOf(body: Buffer | string): URLSearchParams {
  return new URLSearchParams(body.toString());
}
