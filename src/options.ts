/**
 * Checks of options, the same everywhere.
 *
 * @module
 */
import { ConfigError } from './errors.ts';

/** Refuses misspelt options: a security option that is silently ignored is a leak. */
export function checkKeys(where: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw invalidOption(`${where} has no option ${JSON.stringify(unknown)}. It knows: ${known.join(', ')}.`);
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
