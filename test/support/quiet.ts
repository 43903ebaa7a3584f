import type { Logger } from '../../src/index.ts';

/** A logger for tests whose warnings are expected. */
export const quiet: Logger = { debug: () => {}, warn: () => {} };
