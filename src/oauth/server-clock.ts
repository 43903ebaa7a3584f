import * as oauth from 'oauth4webapi';
import { systemClock } from '../clock.ts';

/** Less than this, in milliseconds, is a matter of rounding and of the way there. */
const TOLERABLE = 5000;
/** Seconds that a clock may be off without anybody noticing (rule T2): what is checked came straight from the server. */
const TOLERANCE = 600;

/** What the clock of an authorization server says, against the one here: for what is signed, and for ID tokens. */
export class ServerClock {
  readonly #client: oauth.Client;
  /** Milliseconds that the server is ahead. */
  #skew = 0;

  constructor(client: oauth.Client) {
    this.#client = client;
    client[oauth.clockTolerance] = TOLERANCE;
  }

  /** Learns from the `Date` of an answer, where it can be read. Whether that is news. */
  learn({ headers }: Response): boolean {
    const skew = Date.parse(headers.get('date') ?? '') - systemClock.now();
    if (Number.isNaN(skew) || Math.abs(skew - this.#skew) < TOLERABLE) return false;
    this.#skew = skew;
    this.#client[oauth.clockSkew] = Math.round(skew / 1000);
    return true;
  }

  /** How the clock here differs, in words; `undefined`: it does not, as far as is known. */
  get difference(): string | undefined {
    if (Math.abs(this.#skew) < TOLERABLE) return undefined;
    return `${minutes(this.#skew)} ${this.#skew > 0 ? 'behind' : 'ahead of'} the server's`;
  }
}

/** Milliseconds, in words. */
export function minutes(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}
