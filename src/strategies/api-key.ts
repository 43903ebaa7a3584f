import type { AuthStrategy, Host } from '../contracts.ts';
import { ConfigError } from '../errors.ts';
import { checkDuration, checkKeys, invalidOption } from '../options.ts';
import { detectPlatform, isDevelopment } from '../platform.ts';
import { fingerprint } from '../redact.ts';
import { looksLikeJwt, textFault } from './credential-text.ts';
import { type ApiKeyFunction, keyFunction } from './key-function.ts';
import { type PlacementOptions, type Writer, writerFor } from './placement.ts';

export interface ApiKeyOptions extends PlacementOptions {
  /** Milliseconds for which the answer of a key function is kept. Without it, each request asks. */
  readonly maxAge?: number | undefined;
  /** The key must never reach a browser: there, construction throws `SECRET_IN_BROWSER`. */
  readonly secret?: boolean | undefined;
  /** Names the key in events, in place of its fingerprint. */
  readonly label?: string | undefined;
}

/**
 * An API key, in the header `x-api-key` unless `options` say otherwise.
 *
 * A 401 asks a key function again at once; the request is sent again if the answer differs.
 *
 * @throws {@link ConfigError} `MISSING_API_KEY`, `INVALID_API_KEY`, `INVALID_OPTION`
 */
export function apiKey(
  value: string | undefined | ApiKeyFunction,
  options: ApiKeyOptions = {},
): AuthStrategy<string> {
  return keyStrategy(value, options, writerFor(options, { header: 'x-api-key' }), 'api-key', 'apiKey()');
}

/**
 * A key that never changes by itself, such as a personal access token, sent as `Authorization: Bearer`
 * (RFC 6750 §2.1). For tokens that expire use a token provider.
 *
 * @throws {@link ConfigError} `MISSING_API_KEY`, `INVALID_API_KEY`, `INVALID_OPTION`
 */
export function bearer(
  value: string | undefined | ApiKeyFunction,
  options: Omit<ApiKeyOptions, keyof PlacementOptions> = {},
): AuthStrategy<string> {
  checkKeys('bearer()', options, ['maxAge', 'secret', 'label']);
  const writer = writerFor({}, { header: 'authorization', scheme: 'Bearer' });
  return keyStrategy(value, options, writer, 'bearer', 'bearer()');
}

/** What a plain string given to `new Client()` or `createFetch()` means: {@link apiKey}, unless it is a JWT. */
export function plainKey(value: string | undefined, where: string): AuthStrategy<string> {
  if (typeof value === 'string' && looksLikeJwt(value)) {
    throw new ConfigError('INVALID_API_KEY', {
      message:
        `The string given to ${where} is a JWT, which is no API key. Pass bearer(token) if it never expires, ` +
        'or a function () => token, so that it can be refreshed.',
    });
  }
  return keyStrategy(value, {}, writerFor({}, { header: 'x-api-key' }), 'api-key', where);
}

function keyStrategy(
  value: string | undefined | ApiKeyFunction,
  options: ApiKeyOptions,
  writer: Writer,
  name: string,
  where: string,
): AuthStrategy<string> {
  const known = ['in', 'name', 'scheme', 'maxAge', 'secret', 'label'];
  const { maxAge, secret, label } = checkKeys(`${name} options`, options, known);
  checkDuration('maxAge', maxAge);
  const source =
    typeof value === 'function'
      ? keyFunction(value, maxAge, (key) => checkKey(key, writer, 'the answer of the key function'))
      : undefined;
  if (!source) {
    checkKey(value, writer, `the first argument of ${where}`);
    if (typeof label === 'string' && label.includes(value as string))
      throw invalidOption('label holds the key. Name its use instead.');
  }
  return {
    name,
    placement: writer.placement,
    writes: writer.label,
    connect(host) {
      warnInBrowser(secret, host);
      source?.connect(host);
      if (!source) host.redactor.add(value, value as string);
    },
    credential: (query) => (source ? source.credential(query) : (value as string)),
    apply: (outgoing, key) => writer.write(outgoing, key),
    describe: (key) => label ?? fingerprint(key),
    explain: (key) =>
      `The key${endOf(key)} was sent as ${writer.label}. Is it right, and for this environment?`,
  };
}

/** The last four characters, where they are a small part of the whole: people tell their keys apart by them. */
function endOf(key: string): string {
  return key.length < 20 ? '' : ` that ends in …${key.slice(-4)}`;
}

function checkKey(value: unknown, writer: Writer, what: string): void {
  if (value === undefined || value === null || value === '' || value === 'undefined' || value === 'null') {
    throw new ConfigError('MISSING_API_KEY', {
      message:
        `No API key: ${what} is ${JSON.stringify(value) ?? 'undefined'}. If it comes from process.env, check that the ` +
        'variable is set where this process runs (node --env-file=.env).',
    });
  }
  const fault = textFault(value, writer.place);
  if (fault === undefined) return;
  throw new ConfigError('INVALID_API_KEY', {
    message: `The key cannot be sent as ${writer.label}: ${fault} (${what}). Check where it comes from.`,
  });
}

/** Keys for public data are public; others have no place in a page (rule S7). */
function warnInBrowser(secret: boolean | undefined, { events }: Host): void {
  if (detectPlatform() !== 'browser') return;
  const message =
    'An API key is used in a browser, where every visitor can read it. ' +
    'If it is not meant to be public, keep it on your server and call that instead.';
  if (secret === true) throw new ConfigError('SECRET_IN_BROWSER', { message });
  if (isDevelopment()) events.emit('warning', { code: 'KEY_IN_BROWSER', message });
}
