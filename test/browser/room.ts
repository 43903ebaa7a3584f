import { inject } from 'vitest';
import type { SeenRequest } from './servers.ts';

const { api, other } = inject('origins');

/** A room of its own on both servers, and what came to it there. */
export interface Room {
  /** The base URL of the room on the origin that may see the credential. */
  readonly api: string;
  /** The base URL of the room on the origin that may not. */
  readonly other: string;
  /** The path that redirects to `location`. */
  to(location: string, status?: number): string;
  /** What came, without the preflights. */
  seen(where: 'api' | 'other'): Promise<SeenRequest[]>;
  /** All that came, preflights too, as one text. */
  all(where: 'api' | 'other'): Promise<string>;
}

let count = 0;

export function createRoom(): Room {
  // Two projects may share the servers.
  const room = `room-${crypto.randomUUID()}-${++count}`;
  const bases = { api: `${api}/${room}`, other: `${other}/${room}` };
  const log = async (where: 'api' | 'other'): Promise<SeenRequest[]> => {
    const response = await fetch(`${bases[where]}/log`, { cache: 'no-store' });
    return (await response.json()) as SeenRequest[];
  };
  return {
    ...bases,
    to: (location, status = 302) =>
      `redirect?${new URLSearchParams({ status: String(status), to: location })}`,
    seen: async (where) => (await log(where)).filter(({ method }) => method !== 'OPTIONS'),
    all: async (where) => JSON.stringify(await log(where)),
  };
}
