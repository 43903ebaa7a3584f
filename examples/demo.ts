/**
 * `npm run demo`: starts two servers on loopback, runs the example programs against them, shows what happened,
 * and fails if anything of it did not. `npm run demo -- servers` only starts the servers, for you to try.
 */
import process, { argv } from 'node:process';
import { showPublicData } from './demo/public-data.ts';
import { verdict } from './demo/report.ts';
import { serve } from './demo/serve.ts';
import { showUserData } from './demo/user-data.ts';

if (argv[2] === 'servers') {
  await serve();
} else {
  await showPublicData();
  await showUserData();
  process.exitCode = verdict();
}
