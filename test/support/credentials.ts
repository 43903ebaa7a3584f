import fc from 'fast-check';
import type { TokenContext, TokenResult } from '../../src/contracts.ts';
import { accessToken, apiKey, bearer, type Credential, combine } from '../../src/index.ts';
import { headerText, queryText, tokenText } from './secrets.ts';

/** What secrets are made of, by where they are written. */
export interface Texts {
  readonly header: fc.Arbitrary<string>;
  readonly query: fc.Arbitrary<string>;
  readonly token: fc.Arbitrary<string>;
}

/** A credential to drive a client with, and every secret in it. */
export interface Drivable {
  readonly credential: Credential;
  readonly secrets: readonly string[];
  /** Where the credential comes from a provider: what it answers next, in place of its next tokens. */
  readonly issuer: Issuer | undefined;
}

export type Answering = (context: TokenContext) => TokenResult | Promise<TokenResult>;

/** Hands out one token after the other, with refresh token and id token, unless told otherwise. */
export class Issuer {
  readonly secrets: readonly string[];
  answer: Answering = (context) => this.grant(context);
  /** What `signOut` of the source does. */
  signOut: () => void = () => {};
  #next = 0;

  constructor(secrets: readonly string[]) {
    this.secrets = secrets;
  }

  grant(_context?: TokenContext): TokenResult {
    const from = (this.#next++ * 3) % this.secrets.length;
    const [access_token, refresh_token, id_token] = this.secrets.slice(from, from + 3);
    return { access_token, refresh_token, id_token, expires_in: 3600 };
  }

  readonly getToken = (context: TokenContext): TokenResult | Promise<TokenResult> => this.answer(context);
}

const issuers = (text: fc.Arbitrary<string>): fc.Arbitrary<Issuer> =>
  fc.uniqueArray(text, { minLength: 9, maxLength: 9 }).map((secrets) => new Issuer(secrets));

const keys = (text: fc.Arbitrary<string>, make: (key: string) => Credential): fc.Arbitrary<Drivable> =>
  text.map((key) => ({ credential: make(key), secrets: [key], issuer: undefined }));

const keyPairs = (
  text: fc.Arbitrary<string>,
  make: (key: (context: { rejectedKey?: string }) => string) => Credential,
): fc.Arbitrary<Drivable> =>
  fc.uniqueArray(text, { minLength: 2, maxLength: 2 }).map((secrets) => {
    const [first = '', second = ''] = secrets;
    const rotate = ({ rejectedKey }: { rejectedKey?: string }): string =>
      rejectedKey === first ? second : first;
    return { credential: make(rotate), secrets, issuer: undefined };
  });

const tokens = (text: fc.Arbitrary<string>, make: (issuer: Issuer) => Credential): fc.Arbitrary<Drivable> =>
  issuers(text).map((issuer) => ({ credential: make(issuer), secrets: issuer.secrets, issuer }));

const source = (issuer: Issuer): Pick<Issuer, 'getToken' | 'signOut'> => ({
  getToken: issuer.getToken,
  signOut: () => issuer.signOut(),
});

/** Every kind of credential that a client takes. A counterexample is told by its secrets. */
export function credentialsOf({
  header,
  query,
  token,
}: Texts): Readonly<Record<string, fc.Arbitrary<Drivable>>> {
  const kinds: Readonly<Record<string, fc.Arbitrary<Drivable>>> = {
    'a key in a header': keys(header, (key) => key),
    'a key with a scheme': keys(header, (key) => apiKey(key, { scheme: 'Token' })),
    'a key in a query': keys(query, (key) => apiKey(key, { in: 'query', name: 'appid' })),
    'a bearer key': keys(header, (key) => bearer(key)),
    'a key function': keyPairs(header, (rotate) => apiKey(rotate, { name: 'x-key', maxAge: 1000 })),
    'a key function in a query': keyPairs(query, (rotate) => apiKey(rotate, { in: 'query' })),
    'a token provider': tokens(token, (issuer) => issuer.getToken),
    'a token source': tokens(token, (issuer) => source(issuer)),
    'a token in a query': tokens(token, (issuer) =>
      accessToken(source(issuer), { placement: { in: 'query' } }),
    ),
    'a key and a token': fc.tuple(query, issuers(token)).map(([key, issuer]) => ({
      credential: combine([apiKey(key, { in: 'query' }), accessToken(source(issuer))]),
      secrets: [key, ...issuer.secrets],
      issuer,
    })),
  };
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, drivables]) => [kind, drivables.map(withItsSecrets)]),
  );
}

function withItsSecrets(drivable: Drivable): Drivable {
  return Object.assign(drivable, { [fc.toStringMethod]: () => JSON.stringify(drivable.secrets) });
}

export const CREDENTIALS: Readonly<Record<string, fc.Arbitrary<Drivable>>> = credentialsOf({
  header: headerText,
  query: queryText,
  token: tokenText,
});
