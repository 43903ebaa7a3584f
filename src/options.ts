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
  // Not quoted: where options belong somebody may have put a secret.
  if (!isObject(options))
    throw invalidOption(`${where}: pass an object of options, such as { ${known[0]} }.`);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return ownOf(options);
  throw invalidOption(`${where} has no option ${JSON.stringify(unknown)}. It knows: ${known.join(', ')}.`);
}

/** No text, list or null, which JavaScript passes where an object belongs. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What an object holds itself, on no prototype: a polluted one configures nothing (rule S8). */
export function ownOf<Options extends object>(options: Options): Options {
  // Not into an object that is made without a prototype: such a one is a dictionary to the engine, and slow to read.
  return Object.setPrototypeOf({ ...options }, null) as Options;
}

/** A duration is a number of milliseconds, or left out. */
export function checkDuration(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return;
  throw invalidOption(`${name} is a number of milliseconds, 0 or more.`);
}

/** `false`: no limit. Elsewhere 0 means that, here every request would fail at once. */
export function checkTimeout(value: unknown): void {
  if (value === undefined || value === false || (typeof value === 'number' && value > 0)) return;
  throw invalidOption('timeout is a number of milliseconds above 0, or false for no limit.');
}

/** Told at the call: ky sees the option only when there is something to try again. */
export function checkRetry(value: unknown): void {
  if (value === undefined) return;
  // Only what it says itself, as ky reads it (rule S8).
  const said: Record<string, unknown> = ownOf(isObject(value) ? { ...value } : {});
  const { limit, methods, statusCodes, afterStatusCodes } = said;
  const isCount = (number: unknown): boolean => Number.isInteger(number) && Number(number) >= 0;
  const isRetry = isObject(value) ? limit === undefined || isCount(limit) : isCount(value);
  const isList = (list: unknown, type: string): boolean =>
    list === undefined || (Array.isArray(list) && list.every((member) => typeof member === type));
  const isRead =
    isList(methods, 'string') && isList(statusCodes, 'number') && isList(afterStatusCodes, 'number');
  if (isRetry && isRead) return;
  throw invalidOption(
    'retry is the number of further tries, or an object such as { limit: 3 }; 0 for none. Its codes and methods are lists.',
  );
}

export function invalidOption(message: string): ConfigError {
  return new ConfigError('INVALID_OPTION', { message });
}
