import { inspect } from 'node:util';
import { expect } from 'vitest';
import { ValetError } from '../../src/errors.ts';

/** What `run` throws or rejects with. */
export async function thrownBy(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** The error of ours that `run` throws or rejects with. */
export async function valetErrorOf(run: () => unknown): Promise<ValetError> {
  const error = await thrownBy(run);
  if (ValetError.is(error)) return error;
  throw new Error(`not an error of ours: ${inspect(error)}`);
}

/** Everything that anybody can get to see of an error, in one text; but what a server sent is the user's. */
export function everythingIn(error: unknown): string {
  const chain: string[] = [];
  for (let current = error; current instanceof Error && chain.length < 20; current = current.cause) {
    chain.push(current.message, current.stack ?? '');
  }
  return [
    ...chain,
    String(error),
    JSON.stringify(error),
    inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: !holdsResponse(error) }),
  ].join('\n');
}

/** Fails where a secret shows in anything that can be seen of `error`, raw or encoded. */
export function expectNoSecret(error: unknown, ...secrets: readonly string[]): void {
  const said = typeof error === 'string' ? error : everythingIn(error);
  for (const secret of secrets) {
    const written = [secret, encodeURIComponent(secret), JSON.stringify(secret), inspect(secret)];
    for (const form of written) expect(said).not.toContain(form.replace(/^["'`](.+)["'`]$/s, '$1'));
    expect(said).not.toContain(btoa(String.fromCharCode(...new TextEncoder().encode(secret))).slice(0, -4));
  }
}

function holdsResponse(error: unknown): boolean {
  return ValetError.is(error) && (error.code === 'HTTP_ERROR' || error.code === 'INVALID_RESPONSE');
}
