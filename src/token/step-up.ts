import type { Challenge } from '../contracts.ts';
import type { Answer } from './call-provider.ts';
import type { FlightPlan } from './flight.ts';
import type { Slot } from './slot.ts';

/** The scopes that a 403 asks for (RFC 6750 §3), where all of them may be asked for; else none. */
export function stepUpScopes(
  challenge: Challenge | undefined,
  allowed: ReadonlySet<string>,
): readonly string[] {
  if (challenge?.scheme !== 'bearer' && challenge?.scheme !== 'dpop') return [];
  const demanded = (challenge.parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  return demanded.every((scope) => allowed.has(scope)) ? union(demanded) : [];
}

/** Each scope once, sorted. */
export function union(...sets: readonly Iterable<string>[]): readonly string[] {
  return [...new Set(sets.flatMap((set) => [...set]))].sort();
}

export function covers(scopes: Iterable<string>, wanted: readonly string[]): boolean {
  const held = new Set(scopes);
  return wanted.every((scope) => held.has(scope));
}

/**
 * Gives up what a step-up has added, where that may be why a slot is refused: an elevation is often shorter than the
 * session. Nothing is concluded from such an answer; what requests need is asked for first (T13).
 */
export function narrows(slot: Slot, { reason, scopes }: FlightPlan, answer: Answer): boolean {
  const { need } = slot;
  const isWidened = reason !== 'scope' && !covers(need.scopes, scopes);
  if (!isWidened || !mayBeForScopes(answer)) return false;
  slot.narrow();
  return true;
}

function mayBeForScopes(answer: Answer): boolean {
  if (answer.kind !== 'failure') return answer.kind === 'nobody';
  return answer.failure.kind === 'misconfigured' || answer.failure.wantsUser !== undefined;
}
