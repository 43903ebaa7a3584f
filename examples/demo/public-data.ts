import { randomBytes } from 'node:crypto';
import { type PublicDataApi, startPublicDataApi } from '../servers/public-data-api.ts';
import { check, quote, say, title } from './report.ts';
import { runProgram } from './run-program.ts';

const script = 'server-script.ts';

/** The first part: an API key, and what its holder is told when it is missing or wrong. */
export async function showPublicData(): Promise<void> {
  const key = `tz_live_${randomBytes(12).toString('hex')}`;
  const api = await startPublicDataApi({ keys: [key] });
  try {
    await rightKey(api, key);
    await missingKey(api);
    await wrongKey(api);
  } finally {
    await api.close();
  }
}

async function rightKey(api: PublicDataApi, key: string): Promise<void> {
  title('1. A server script with an API key: examples/server-script.ts');
  say('Debug lines are on. What the key was is a shell variable in them, so the curl lines can be pasted.\n');
  const { code, lines } = await runProgram(
    script,
    { TIME_ZONES_URL: api.url, TIME_ZONES_KEY: key, DEBUG: 'curl' },
    quote,
  );
  say('\nWhat the server saw:');
  for (const { method, path, keyFrom, status } of api.requests) {
    quote(`${method} ${path}, key in the ${keyFrom}: ${status}`);
  }
  const answered = api.requests.filter(({ status }) => status === 200).map(({ keyFrom }) => keyFrom);
  check('the script ended well', code === 0);
  check('one request had the key in its header, one in its query', String(answered) === 'header,query');
  check('both requests left a curl line', lines.filter((line) => line.includes('$CREDENTIAL')).length === 2);
  check('the key is in no line', isNowhere([key], lines));
}

async function missingKey(api: PublicDataApi): Promise<void> {
  title('2. The same script without its key');
  const before = api.requests.length;
  const { code, lines } = await runProgram(
    script,
    { TIME_ZONES_URL: api.url, TIME_ZONES_KEY: undefined },
    quote,
  );
  check('the script failed', code === 1);
  check(
    'the message names MISSING_API_KEY',
    lines.some((line) => line.includes('MISSING_API_KEY')),
  );
  check('nothing was sent', api.requests.length === before);
}

async function wrongKey(api: PublicDataApi): Promise<void> {
  title('3. The same script with a wrong key');
  const before = api.requests.length;
  const key = `tz_test_${randomBytes(12).toString('hex')}`;
  const { code, lines } = await runProgram(script, { TIME_ZONES_URL: api.url, TIME_ZONES_KEY: key }, quote);
  const seen = api.requests.slice(before).map(({ status }) => status);
  check('the script failed', code === 1);
  check(
    'the message quotes the server',
    lines.some((line) => line.includes('The API key in the header')),
  );
  check('one request was sent, answered 401, and not sent again', String(seen) === '401');
  check('of the key only its end is in the message', isNowhere([key], lines));
}

/** Whether none of the secrets is in any line, as it is or percent-encoded. */
export function isNowhere(secrets: readonly string[], lines: readonly string[]): boolean {
  const text = lines.join('\n');
  return secrets.every((secret) => !text.includes(secret) && !text.includes(encodeURIComponent(secret)));
}
