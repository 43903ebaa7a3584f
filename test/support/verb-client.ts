import { Client, type ClientOptions, type Credential } from '../../src/index.ts';
import { quiet } from './quiet.ts';
import { createRecordingFetch } from './recording-fetch.ts';

export const VERB_KEY = 'verb-key-s3cr3t-0123456789';
export const VERB_BASE = 'https://api.example.com/v1';

/** A client whose requests are kept and answered without a network. */
export function createVerbClient(
  answer?: Parameters<typeof createRecordingFetch>[0],
  options: ClientOptions = {},
  credential: Credential = VERB_KEY,
): { readonly client: Client; readonly sent: readonly Request[] } {
  const { fetch, sent } = createRecordingFetch(answer);
  const runtime = { fetch, ...options.runtime };
  return { client: new Client(credential, { baseUrl: VERB_BASE, logger: quiet, ...options, runtime }), sent };
}

/** Tries again at once: tests do not wait. */
export const AT_ONCE = { delay: () => 0 };
