import type { SessionSnapshot, SessionUser } from '../contracts.ts';
import type { SessionError } from '../errors.ts';
import { type EventSink, silence } from '../events.ts';

/**
 * Who is signed in, for how long it has been the same user (the epoch), and who wants to hear of it.
 * It knows no tokens.
 */
export class SessionState<User extends SessionUser> {
  #snapshot: SessionSnapshot<User> = { status: 'loading' };
  #epochs = 0;
  #events: EventSink = silence;
  readonly #listeners = new Set<() => void>();
  #settled: Promise<SessionSnapshot<User>> | undefined;
  #settle: ((snapshot: SessionSnapshot<User>) => void) | undefined;

  get snapshot(): SessionSnapshot<User> {
    return this.#snapshot;
  }

  /** The epoch of the user known now (rule T8). */
  get epoch(): number | undefined {
    return this.user === undefined ? undefined : this.#epochs;
  }

  get user(): User | undefined {
    return 'user' in this.#snapshot ? this.#snapshot.user : undefined;
  }

  connect(events: EventSink): void {
    this.#events = events;
  }

  subscribe(listener: () => void): () => void {
    // A function of its own: the same listener may be given twice.
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** Resolves with the first snapshot that is not `loading`; one promise for all who wait, as React wants it. */
  settled(): Promise<SessionSnapshot<User>> {
    if (this.#snapshot.status !== 'loading') return Promise.resolve(this.#snapshot);
    this.#settled ??= new Promise((resolve) => {
      this.#settle = resolve;
    });
    return this.#settled;
  }

  /** The epoch that `user` would be in. */
  epochOf(user: User): number {
    return this.user?.id === user.id ? this.#epochs : this.#epochs + 1;
  }

  /** Somebody is signed in. Another user, or the first one, begins a new epoch; the same one's return does not. */
  signedIn(user: User, isLogin = false): void {
    const previous = this.#snapshot;
    if (previous.status === 'signed-in' && previous.user.id === user.id) {
      // The same user, who may do more now, or less.
      if (isLogin) this.#tell();
      return;
    }
    const epoch = this.epochOf(user);
    const same = epoch === this.#epochs;
    this.#epochs = epoch;
    this.#show(
      { status: 'signed-in', user },
      () => !same && this.#userChanged(previous, user),
      () => this.#events.emit('signedin', { user }),
    );
  }

  /** Who waits to hear whether somebody is signed in hears that nobody is, here. */
  close(): void {
    if (this.#snapshot.status === 'loading') this.signedOut();
  }

  signedOut(): void {
    const previous = this.#snapshot;
    if (previous.status === 'signed-out') return;
    if (!('user' in previous)) {
      this.#show({ status: 'signed-out' });
      return;
    }
    this.#show(
      { status: 'signed-out' },
      () => this.#userChanged(previous, undefined),
      () => this.#events.emit('signedout', { user: previous.user }),
    );
  }

  /** The issuer ended the session. Where there never was one, nobody is signed in. */
  ended(error: SessionError): void {
    const previous = this.#snapshot;
    if (previous.status === 'ended') return;
    if (!('user' in previous)) {
      this.signedOut();
      return;
    }
    this.#show({ status: 'ended', user: previous.user, error }, () =>
      this.#events.emit('sessionend', { user: previous.user, error }),
    );
  }

  /** Shows `next` and tells of it, until a listener signs in or out: that is the last word, and told already. */
  #show(next: SessionSnapshot<User>, ...steps: readonly (() => unknown)[]): void {
    this.#snapshot = next;
    for (const step of [...steps, () => this.#tell()]) {
      if (this.#snapshot !== next) return;
      step();
    }
  }

  /** `userchange` comes before anything can be shown: caches of the user before are emptied by it. */
  #userChanged(previous: SessionSnapshot<User>, user: User | undefined): void {
    const before = 'user' in previous ? previous.user : undefined;
    this.#events.emit('userchange', {
      ...(user !== undefined && { user }),
      ...(before !== undefined && { previous: before }),
    });
  }

  /** Listeners are called after the fact, and one that throws harms nobody (rule T15). */
  #tell(): void {
    this.#settle?.(this.#snapshot);
    this.#settle = undefined;
    this.#settled = undefined;
    for (const listener of Array.from(this.#listeners)) {
      try {
        const returned: unknown = listener();
        if (returned instanceof Promise) returned.catch((error: unknown) => this.#failed(error));
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #failed(error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    this.#events.emit('warning', {
      code: 'LISTENER_FAILED',
      message: `A session listener threw ${name}.`,
    });
  }
}
