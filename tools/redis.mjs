// @ts-check
/** Where the Redis of the test suite is, and how a machine without one gets it. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { installPackages } from './browsers.mjs';

const usualPlaces = [
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
  '/opt/homebrew/bin/redis-server',
];

/**
 * The executable: what REDIS_PATH says, else the first usual place that exists.
 * @returns {string | undefined}
 */
export function findRedis() {
  return process.env.REDIS_PATH || usualPlaces.find((path) => existsSync(path));
}

/**
 * Installs it where apt-get and the right to use it are there.
 * @returns {string | undefined} what is left for the user to do
 */
export function provideRedis() {
  if (!findRedis()) installPackages(['redis-server']);
  if (findRedis()) return undefined;
  return 'The tests need redis-server, which is not in any of the usual places: install it, or set REDIS_PATH.';
}
