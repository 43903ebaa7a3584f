import type { SessionDocument } from '../contracts.ts';

/**
 * What `text` says as JSON; `text` itself where it is none, so that it is taken for something foreign. A file that
 * somebody has just made is empty, and nobody's.
 */
export function parseStored(text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Whether `stored` is the version of `expected`; what is damaged, or of another format, is of no version. */
export function isVersionOf(stored: unknown, expected: SessionDocument | undefined): boolean {
  if (stored === undefined || expected === undefined) return stored === expected;
  if (typeof stored !== 'object' || stored === null) return false;
  const { format, version } = stored as Partial<SessionDocument>;
  return format === expected.format && version === expected.version;
}
