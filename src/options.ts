/**
 * Checks of options, the same everywhere.
 *
 * @module
 */
import { ConfigError } from './errors.ts';

/** Refuses misspelt options: one that is silently ignored is a leak. Returns what `options` holds itself. */
export function checkKeys<Options extends object>(
  where: string,
  options: Options,
  known: readonly string[],
): Options {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return ownOf(options);
  throw invalidOption(`${where} has no option ${JSON.stringify(unknown)}. It knows: ${known.join(', ')}.`);
}

/** What an object holds itself, on no prototype: a polluted one configures nothing (rule S8). */
export function ownOf<Options extends object>(options: Options): Options {
  return Object.assign(Object.create(null) as Options, options);
}

/** A duration is a number of milliseconds, or left out. */
export function checkDuration(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return;
  throw invalidOption(`${name} is a number of milliseconds, 0 or more.`);
}

/** `false`: no limit. */
export function checkTimeout(value: unknown): void {
  if (value !== false) checkDuration('timeout', value);
}

export function invalidOption(message: string): ConfigError {
  return new ConfigError('INVALID_OPTION', { message });
}
