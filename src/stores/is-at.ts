import type { SessionDocument } from '../contracts.ts';

/** Whether `stored` is the version that is expected. What is no document of ours is at no version. */
export function isAt(stored: unknown, expected: SessionDocument | undefined): boolean {
  if (stored === undefined || expected === undefined) return stored === expected;
  const { format, version } = (stored ?? {}) as Partial<SessionDocument>;
  return format === expected.format && version === expected.version;
}
