import type { Runtime } from './connection.ts';
import type { Logger } from './logger.ts';
import { PIPELINE_OPTIONS, type PipelineOptions } from './pipeline/settings.ts';
import type { VerbDefaults } from './verbs/verb-options.ts';

/** Options that a client and its children may have. */
export interface ExtendOptions extends PipelineOptions, VerbDefaults {}

/** Options of a client. */
export interface ClientOptions extends ExtendOptions {
  /** `true` writes a line per event, `'curl'` a runnable command per send besides. No secret is in either. */
  readonly debug?: boolean | 'curl' | undefined;
  /** Where debug lines and warnings go: the console unless said otherwise. */
  readonly logger?: Logger | undefined;
  readonly runtime?: Runtime | undefined;
}

export const EXTEND_OPTIONS: readonly string[] = [
  ...PIPELINE_OPTIONS,
  'headers',
  'timeout',
  'retry',
  'errorSchema',
];

export const CLIENT_OPTIONS: readonly string[] = [...EXTEND_OPTIONS, 'debug', 'logger', 'runtime'];
