/** What a contender is set up against: an API, and an issuer of tokens for it. */

export interface Issued {
  readonly value: string;
  /** Seconds; 0 or less: it has expired. */
  readonly expiresIn: number;
}

export interface World {
  readonly origin: string;
  /** Stands in for the network, where nothing is to leave the process. Also found as `globalThis.fetch`. */
  readonly memory: typeof fetch | undefined;
  /** The token at hand when a contender is set up. */
  readonly initial: Issued;
  /** The way to the next one. */
  readonly issue: () => Promise<Issued>;
}

/** As long as tokens usually are. */
export const TOKEN: string = 't'.repeat(300);
export const KEY = 'k'.repeat(40);

export function freshWorld(origin: string, memory?: typeof fetch): World {
  const issued: Issued = { value: TOKEN, expiresIn: 3600 };
  return { origin, memory, initial: issued, issue: () => Promise.resolve(issued) };
}
