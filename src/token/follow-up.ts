import type { Errand } from './asker.ts';
import type { Answer } from './call-provider.ts';
import type { Flight } from './flight.ts';
import type { Slot } from './slot.ts';
import { narrows } from './step-up.ts';

/** A source that tells of a change whenever it is asked would be asked for ever. */
const MOST_FOLLOW_UPS = 3;

/** What is asked next, at once, where nothing can be concluded from an answer. */
export function followUp(
  slot: Slot,
  flight: Flight,
  errand: Errand,
  answer: Answer,
  wallet: { refreshToken: string | undefined },
): Errand | undefined {
  const { followUps = 0 } = errand;
  const { forced } = flight;
  if (flight.overtaken && followUps < MOST_FOLLOW_UPS) {
    // A refresh token that was refused is refused for good, whoever is signed in now (T6).
    if (answer.kind === 'failure' && answer.failure.kind === 'final') wallet.refreshToken = undefined;
    return { ...errand, forced, followUps: followUps + 1 };
  }
  return narrows(slot, flight, answer) ? { ...errand, forced, scopes: slot.scopes } : undefined;
}
