import type { Logger } from '../logger.ts';
import type { Redactor } from '../redact.ts';
import { callersHeaders, type Exchange, idOf, type Stage } from './exchange.ts';

const VARIABLE = '$CREDENTIAL';
/** Headers that are secrets, whoever wrote them. */
const SECRET_HEADER = /^(?:authorization|proxy-authorization|cookie|dpop)$|api-?key|token|secret/i;

/** Prints each send as a `curl` command, with a shell variable where the credential was (rule S4). */
export function traceAsCurl(logger: Logger, redactor: Redactor): Stage {
  return (exchange, next) => {
    logger.debug(`fetch-valet ${idOf(exchange.number)} ${curl(exchange, redactor)}`);
    return next(exchange);
  };
}

function curl(exchange: Exchange, redactor: Redactor): string {
  // Before quoting: the shell has a way of its own to write a quote.
  const quote = (text: string): string => `'${redactor.text(text).replaceAll("'", `'\\''`)}'`;
  const { outgoing, hop } = exchange;
  // Outside the single quotes, so that the shell puts the variable's value there.
  const url = quote(targetWithoutSecret(exchange)).replaceAll(`=${VARIABLE}`, `='"${VARIABLE}"'`);
  const method = hop?.method ?? exchange.method;
  // With `-X HEAD` curl would wait for a body that never comes.
  const parts = ['curl', ...(method === 'HEAD' ? ['--head'] : ['-X', method]), url];
  const callers = new Headers(hop?.headers ?? callersHeaders(exchange));
  for (const [name, value] of new Headers(outgoing.headers)) {
    const secret = SECRET_HEADER.test(name) || callers.get(name) !== value;
    // In double quotes, for the same reason.
    parts.push('-H', secret ? `"${name}: ${maskHeader(value)}"` : quote(`${name}: ${value}`));
  }
  if (typeof outgoing.body === 'string') parts.push('--data-raw', quote(outgoing.body));
  else if (outgoing.body !== undefined && outgoing.body !== null) parts.push('--data-binary', '@body');
  return parts.join(' ');
}

/** The URL as it was before the strategy wrote on it, with what it added as a variable. */
function targetWithoutSecret({ target, hop }: Exchange): string {
  const sent = new URL(typeof target === 'string' ? target : target.url);
  const before = new URL(hop?.href ?? sent.href);
  const known = new Set(before.search.slice(1).split('&'));
  const parts = sent.search
    .slice(1)
    .split('&')
    .filter((part) => part !== '');
  const masked = parts.map((part) => (known.has(part) ? part : `${part.split('=', 1)[0] ?? ''}=${VARIABLE}`));
  // What is no part of the wire: a fragment may hold a token of a login, user info a password.
  Object.assign(sent, { search: '', hash: '', username: '', password: '' });
  return masked.length === 0 ? sent.href : `${sent.href}?${masked.join('&')}`;
}

function maskHeader(value: string): string {
  const scheme = /^([\w-]+) \S/.exec(value)?.[1];
  return scheme === undefined ? VARIABLE : `${scheme} ${VARIABLE}`;
}
