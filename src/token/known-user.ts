import type { SessionUser } from '../contracts.ts';
import { type Identity, identify, type UserReader } from './identity.ts';
import type { Slot } from './slot.ts';
import type { Grant } from './token-response.ts';

/** Who has the tokens of a session, and which of them told so (rules T8, T12). */
export class KnownUser<User extends SessionUser> {
  /** The slot whose token told who the user is. */
  home: Slot | undefined;
  readonly #reader: UserReader<User> | undefined;
  readonly #random: () => number;
  #identity: Identity<User> | undefined;
  #freshIds = 0;

  constructor(reader: UserReader<User> | undefined, random: () => number) {
    this.#reader = reader;
    this.#random = random;
  }

  /** Who has the tokens of `grant`. */
  find(slot: Slot, grant: Grant, login: boolean): Identity<User> {
    // A source that changed may hand out another user's token, but the same token is the same user's. What an
    // issuer calls the user for one audience says nothing of the others.
    const isToldApart = slot !== this.home && slot.subject !== undefined;
    const isDoubtful = slot.suspect && grant.value !== slot.current?.token.value && !isToldApart;
    const known =
      login || isDoubtful || this.#identity === undefined
        ? undefined
        : { ...this.#identity, subject: slot.subject };
    const isHome = known === undefined || slot === this.home;
    return identify(grant, { known, reader: this.#reader, isHome, fresh: () => this.#freshId() });
  }

  /** Who has a stored session; `user` is who has it here. */
  adopt(
    user: User | undefined,
    userId: string,
    tokens: { value: string; idToken: string | undefined },
  ): Identity<User> {
    if (user?.id === userId && this.#identity !== undefined) return this.#identity;
    const read = { known: undefined, reader: this.#reader, isHome: true, fresh: () => userId };
    const found = identify(tokens, read);
    // Who stored it knew the user first, perhaps before any token told a name: all have to call them the same.
    const named = Object.freeze({ ...found.user, id: userId });
    this.#identity = this.#reader || userId === '' ? found : { ...found, user: named };
    return this.#identity;
  }

  /** It is settled: the token in `slot` is theirs. */
  note(slot: Slot, identity: Identity<User>): void {
    const { home } = this;
    const isSame = home !== undefined && identity.user === this.#identity?.user;
    // One user under two names, or a source that changed and did not tell: asking again for the first one tells.
    if (isSame && slot.subject === undefined && differ(identity.subject, home.subject)) home.suspect = true;
    slot.subject = identity.subject;
    this.#identity = identity;
    if (!isSame) this.home = slot;
  }

  forget(): void {
    this.home = undefined;
    this.#identity = undefined;
  }

  #freshId(): string {
    const random = Math.floor(this.#random() * 2 ** 48).toString(36);
    return `session-${++this.#freshIds}-${random}`;
  }
}

function differ(one: unknown, other: unknown): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
