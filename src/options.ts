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

export function invalidOption(message: string): ConfigError {
  return new ConfigError('INVALID_OPTION', { message });
}
