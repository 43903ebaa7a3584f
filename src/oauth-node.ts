/**
 * `fetch-valet/oauth/node`: logins of command-line programs, with the browser of the same machine.
 *
 * @module
 */
export {
  authorizationCode,
  type LoopbackOptions,
  type LoopbackSignInOptions,
  type LoopbackSource,
} from './oauth/loopback.ts';
