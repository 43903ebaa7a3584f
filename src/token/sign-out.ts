import { alarm } from '../clock.ts';
import type { Clock, EndedSession, SessionUser, TokenSource } from '../contracts.ts';
import { TokenError } from '../errors.ts';
import type { TokenManager } from './manager.ts';

/** Milliseconds that a source has for a sign-out. Those of fetch-valet are done in two thirds of it. */
const PATIENCE = 90_000;

/**
 * Signs out here, at the source and in the store. Each happens also where another fails; returns why one did.
 *
 * What is here is gone at once; what a source does after a sign-out waits for the store, since who left the page
 * before it is stored would be signed in again.
 */
export async function signOut<User extends SessionUser>(
  manager: TokenManager<User>,
  source: TokenSource,
  clock: Clock,
): Promise<PromiseRejectedResult | undefined> {
  const looking = manager.firstLook();
  if (looking && !(await looking)) return undefined;
  const ended = manager.secrets;
  const stored = manager.signOut();
  const told = inTime(clock, tell(source.signOut?.bind(source), ended));
  const results = await Promise.allSettled([told, stored]);
  if (results[1].status === 'fulfilled') {
    const left = tell(source.afterSignOut?.bind(source), ended);
    results.push(...(await Promise.allSettled([left])));
  }
  return results.find((result) => result.status === 'rejected');
}

async function tell(hook: TokenSource['signOut'], ended: EndedSession): Promise<void> {
  await hook?.(ended);
}

/** A source that never answers must not keep a page from going on. */
function inTime(clock: Clock, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = alarm(clock, PATIENCE, () => reject(late()));
    work.then(resolve, reject).finally(cancel);
  });
}

function late(): TokenError {
  return new TokenError('TOKEN_TIMEOUT', {
    message: `Nobody is signed in here any more, but the token source has not answered its signOut() within ${PATIENCE} ms. Look at it.`,
  });
}
