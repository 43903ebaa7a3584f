/**
 * What may be written into a header or a query (rule S5). Anything else is refused before use: CR and LF would
 * write headers of their own, and `undefined` is a bug that a server can only answer with 401.
 *
 * @module
 */
import { LONGEST_SECRET } from '../redact.ts';

/** What is wrong with a credential, in words without the credential; `undefined` when it is fine. */
export function textFault(value: unknown, place: 'header' | 'query'): string | undefined {
  // What most are is asked first: no other pattern has to be made for it.
  if (place === 'header' && isPlain(value)) return undefined;
  if (typeof value !== 'string')
    return `it is ${value === null ? 'null' : `of type ${typeof value}`}, not a string`;
  if (value === '' || value === 'undefined' || value === 'null') return `it is ${JSON.stringify(value)}`;
  if (value.length > LONGEST_SECRET) return `it is longer than ${LONGEST_SECRET} characters`;
  if (/^(?:bearer|basic|dpop)\s/i.test(value))
    return 'it begins with a scheme such as "Bearer "; pass the bare value';
  if (/\s/.test(value)) return 'it holds white space or a line break, perhaps from copying';
  if (/\p{Cc}/u.test(value)) return 'it holds a control character';
  if (place === 'query') return /\p{Surrogate}/u.test(value) ? 'it holds half a character' : undefined;
  return 'it holds characters that no header can carry';
}

function isPlain(value: unknown): boolean {
  const isText = typeof value === 'string' && value !== 'undefined' && value !== 'null';
  return isText && value.length <= LONGEST_SECRET && /^[\x21-\x7e\xa1-\xff]+$/.test(value);
}

/** Whether text looks like a JWT: three base64url parts, the first of which is a JSON object. */
export function looksLikeJwt(value: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(value);
}
