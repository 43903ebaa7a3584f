import { elapsed } from '../clock.ts';
import type { Host } from '../contracts.ts';
import { lifeOf } from './freshness.ts';
import type { Slot } from './slot.ts';

/** Tells of the tokens that others have stored and that were taken into use here. */
export function tellOfAdopted({ clock, events }: Host, adopted: readonly Slot[]): void {
  for (const slot of adopted) {
    // Who heard of the user first may have signed out by now.
    if (slot.current === undefined) continue;
    const { audience, scopes } = slot.need;
    events.emit('adopted', {
      ...(audience !== undefined && { audience }),
      ...(scopes.length > 0 && { scopes }),
      ...lifeOf(slot.current),
      age: elapsed(clock, slot.current.received),
    });
  }
}
