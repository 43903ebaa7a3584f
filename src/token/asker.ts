import type { Challenge, Host, SessionUser, TokenContext, TokenSource } from '../contracts.ts';
import { type Answer, callProvider } from './call-provider.ts';
import type { Flight } from './flight.ts';
import type { Lease } from './lease.ts';
import { redactGrant } from './secrets.ts';
import type { Slot } from './slot.ts';
import type { Grant } from './token-response.ts';
import { about } from './verdict.ts';
import type { Wallet } from './wallet.ts';

/** What a refresh is about. */
export interface Errand {
  /** The token whose 401 it answers. */
  readonly rejected?: string | undefined;
  /** The URL that the token is for. */
  readonly resource?: string | undefined;
  /** What the server said with the 401 or the 403. */
  readonly challenge?: Challenge | undefined;
  /** What to ask with, where it is not what the slot asks with. */
  readonly scopes?: readonly string[];
  /** Do not take an answer from a cache. */
  readonly forced?: boolean;
  /** How often it has been asked again because a change of the source overtook it. */
  readonly followUps?: number;
}

/** Asks the provider for the token of one flight, and remembers every secret that comes. */
export class Asker<User extends SessionUser> {
  readonly #host: Host;
  readonly #source: TokenSource;
  readonly #wallet: Wallet<User>;
  readonly #deadline: number;

  constructor(host: Host, source: TokenSource, wallet: Wallet<User>, deadline: number) {
    this.#host = host;
    this.#source = source;
    this.#wallet = wallet;
    this.#deadline = deadline;
  }

  /** The provider's answer, asked for once more where it looks expired (T2). `undefined`: nobody was asked. */
  async ask(slot: Slot, flight: Flight, errand: Errand, lease?: Lease): Promise<Answer | undefined> {
    const { clock, events } = this.#host;
    flight.start = clock.monotonic();
    events.emit('refresh', about(slot, flight));
    // A listener may have signed out just now, or closed the client: then nobody is asked.
    if (slot.flight !== flight) return undefined;
    // What changed before the question is in the answer.
    flight.overtaken = false;
    const answer = await this.#call(slot, flight, errand, () => lease?.isFresh !== false);
    if (slot.flight !== flight || flight.forced || !this.#wallet.isStale(slot, answer)) return answer;
    if (lease?.mayInsist === false) return answer;
    flight.insists = true;
    return this.#call(slot, flight, errand);
  }

  async #call(
    slot: Slot,
    flight: Flight,
    { resource, challenge }: Errand,
    mayAsk?: () => boolean,
  ): Promise<Answer> {
    const { refreshToken } = this.#wallet;
    const { audience } = slot.need;
    const context: Omit<TokenContext, 'signal'> = {
      reason: flight.reason,
      forceRefresh: flight.forced || flight.insists,
      scopes: flight.scopes,
      ...(audience !== undefined && { audience }),
      ...(flight.rejected !== undefined && { rejectedToken: flight.rejected }),
      ...(flight.reason === 'expiring' && this.#inUse(slot)),
      ...(refreshToken !== undefined && { refreshToken }),
      ...(resource !== undefined && { resource }),
      ...(challenge !== undefined && { challenge }),
    };
    const answer = await callProvider({
      host: this.#host,
      provider: (asked) => this.#source.getToken(asked),
      context,
      mayAsk,
      deadline: this.#deadline,
      signal: flight.signal,
      tooLate: (grant) => this.#revoke(grant, refreshToken),
    });
    if (slot.flight !== flight) return answer;
    if (answer.kind === 'grant') this.#wallet.remember(answer.grant);
    if (answer.kind === 'failure' && Object.hasOwn(answer, 'refreshToken'))
      this.#wallet.keep(answer.refreshToken);
    return answer;
  }

  #inUse(slot: Slot): Pick<TokenContext, 'currentToken'> {
    const held = this.#wallet.usable(slot);
    return held ? { currentToken: held.token.value } : {};
  }

  /** Nobody waits for it, and nobody could be told: where it fails, the tokens end by themselves. */
  #revoke(grant: Grant, redeemed: string | undefined): void {
    redactGrant(this.#host.redactor, grant);
    // Who closes a client has not signed out: another one may go on with the session.
    if (this.#host.signal.aborted) return;
    const { value: accessToken, refreshToken, idToken } = grant;
    // A login may have brought the same ones, and an issuer may end all that came of a refresh token with one of them.
    const { refreshToken: kept, slots } = this.#wallet;
    const isKept = kept !== undefined && [refreshToken, redeemed].includes(kept);
    if (isKept || slots.some(({ current }) => current?.token.value === accessToken)) return;
    void (async () => this.#source.revoke?.({ accessToken, refreshToken, idToken }))().catch(() => {});
  }
}
