/** A stand-in of clerk-js, in the shape that its types have, which does what its documentation and source say. */
import { ClerkAPIResponseError } from '@clerk/shared/error';
import type { Clerk, Resources, SignedInSessionResource, UserResource } from '@clerk/shared/types';
import { fromClerk } from '../../examples/providers/clerk.ts';
import { type IdentitySdk, identitySdkContract } from '../contracts/identity-sdk.ts';
import { Issuer } from './issuer.ts';

/** The parts of Clerk that the guide uses. */
class StandIn implements Pick<Clerk, 'session' | 'user' | 'addListener' | 'signOut'> {
  session: SignedInSessionResource | null | undefined;
  user: UserResource | null | undefined;
  readonly #issuer: Issuer;
  readonly #listeners = new Set<(resources: Resources) => void>();

  constructor(issuer: Issuer) {
    this.#issuer = issuer;
  }

  /** It tells whoever listens at once, and of every change of anything. */
  readonly addListener: Clerk['addListener'] = (listener) => {
    this.#listeners.add(listener);
    listener(this.#resources());
    return () => void this.#listeners.delete(listener);
  };

  readonly signOut = async (): Promise<void> => this.become(undefined);

  become(id: string | undefined): void {
    this.user = id === undefined ? null : ({ id } as UserResource);
    this.session = id === undefined ? null : this.#sessionOf(id);
    this.#tell();
  }

  /** A session starts with a token, and keeps the newest one. */
  #sessionOf(user: string): SignedInSessionResource {
    let cached = this.#issuer.token(user);
    const getToken = async ({ skipCache = false }: { skipCache?: boolean } = {}): Promise<string> => {
      if (skipCache) cached = this.#fetchToken(user);
      this.#tell();
      return cached;
    };
    return { id: `session of ${user}`, getToken } as unknown as SignedInSessionResource;
  }

  #fetchToken(user: string): string {
    const mood = this.#issuer.decide();
    if (mood === 'has a bad moment') throw refusal(503, 'internal_error');
    if (mood === 'hands out') return this.#issuer.token(user);
    // It looks whether anybody is still signed in before it throws.
    this.become(undefined);
    throw refusal(401, 'authentication_invalid');
  }

  #resources(): Resources {
    return { client: {}, session: this.session, user: this.user } as unknown as Resources;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#resources());
  }
}

function refusal(status: number, code: string): ClerkAPIResponseError {
  return new ClerkAPIResponseError('No.', { status, data: [{ code, message: 'No.' }] });
}

async function start(): Promise<IdentitySdk> {
  const issuer = new Issuer();
  const clerk = new StandIn(issuer);
  return {
    source: fromClerk(clerk),
    issuer,
    signIn: async (user) => clerk.become(user),
    signOut: () => clerk.signOut(),
    user: async () => clerk.user?.id,
  };
}

identitySdkContract('clerk-js', start, { tells: true, switches: true, whenGone: 'SIGNED_OUT' });
