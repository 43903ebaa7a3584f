import type { SessionDocument } from '../../src/contracts.ts';
import type { CrossedIssuer, Family } from './crossed-issuer.ts';
import type { CrossedRun } from './crossed-run.ts';

/** A sign-in, a sign-out, or a client that began with tokens of its own. */
export interface Deed {
  readonly kind: 'sign-in' | 'sign-out' | 'beginning';
  readonly client: number;
  readonly family: Family | undefined;
  readonly start: number;
  /** When its promise was fulfilled; `Infinity`: not yet, or never. */
  end: number;
  /** The code that its promise was rejected with. */
  failure: string | undefined;
  /** Whether it was done by somebody who had seen the session that was stored. */
  readonly isAware: boolean;
}

/** Who did what in which order, and whether the session that is left fits. Times are counted, not measured. */
export class CrossedHistory {
  readonly deeds: Deed[] = [];
  readonly #run: CrossedRun;
  readonly #issuer: CrossedIssuer;
  #now = 0;

  constructor(run: CrossedRun, issuer: CrossedIssuer) {
    this.#run = run;
    this.#issuer = issuer;
  }

  begins(kind: Deed['kind'], client: number, family?: Family, isAware = true): Deed {
    const end = Number.POSITIVE_INFINITY;
    const deed = { kind, client, family, start: ++this.#now, end, failure: undefined, isAware };
    this.deeds.push(deed);
    return deed;
  }

  fulfilled(deed: Deed): void {
    deed.end = ++this.#now;
  }

  /** Whether no other deed overlaps with it or came after it. */
  isAlone(deed: Deed): boolean {
    return this.deeds.every((other) => other === deed || other.end < deed.start);
  }

  /** Whether `client` does something that is not over. */
  isBusy(client: number): boolean {
    const isOpen = ({ end, failure }: Deed): boolean => !Number.isFinite(end) && failure === undefined;
    return this.deeds.some((deed) => deed.client === client && deed.kind !== 'beginning' && isOpen(deed));
  }

  get signOuts(): number {
    return this.deeds.filter(({ kind }) => kind === 'sign-out').length;
  }

  /** Whether `document`, in which nothing changes any more, is what all of this had to come to. */
  judge(document: SessionDocument | undefined): void {
    const family = this.#issuer.familyOf(document?.refreshToken);
    this.#run.see(`left: ${document?.state}`);
    if (document?.state === 'signed-in') {
      const login = this.deeds.find((deed) => deed.family !== undefined && deed.family === family);
      for (const deed of this.deeds) if (login && deed.start > login.end) this.#isFollowed(login, deed);
      return;
    }
    for (const deed of this.deeds) if (deed.kind === 'sign-in' && isDone(deed)) this.#isNotLost(deed);
    const isAnyDead = this.#issuer.families.some(({ end }) => end !== undefined);
    this.#run.must(
      document?.state !== 'ended' || isAnyDead,
      'left: ended, although the issuer ended nothing',
    );
  }

  /** The session of `login` is left: what was done after it, and found it, has left no trace. */
  #isFollowed(login: Deed, deed: Deed): void {
    const run = this.#run;
    const { kind, family, failure, start, end, isAware } = deed;
    if (failure !== undefined) return;
    if (kind === 'sign-in' && family?.end === undefined && !this.#isReplaced(deed)) {
      // The user's session goes on, and who has a newer refresh token of it may store that first.
      const isLate = family?.isLate === true && family.user === login.family?.user;
      if (isLate) run.see('excused: a login of the same user whose first write failed');
      else run.must(false, 'left: an older login');
    }
    if (kind !== 'sign-out' || !isAware) return;
    const isOverlapping = (other: Deed): boolean =>
      other !== login && other.kind !== 'sign-out' && other.end > start && other.start < end;
    run.must(this.deeds.some(isOverlapping), 'left: signed in after a sign-out');
  }

  /** Whether the same client signed in once more before this login was stored, which then is what was stored. */
  #isReplaced({ client, start, end }: Deed): boolean {
    const isNext = (other: Deed): boolean =>
      other.client === client && other.kind === 'sign-in' && other.start > start && other.start < end;
    return this.deeds.some(isNext);
  }

  /** Nobody is signed in: somebody who signed in was signed out, or overtaken. */
  #isNotLost(deed: Deed): void {
    const isAfter = (other: Deed): boolean => other !== deed && other.end > deed.start;
    const isDead = deed.family?.end !== undefined;
    this.#run.must(isDead || this.deeds.some(isAfter), 'left: nobody, although somebody signed in last');
  }
}

function isDone({ end }: Deed): boolean {
  return Number.isFinite(end);
}
