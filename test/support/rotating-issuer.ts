import type { TokenContext, TokenProvider } from '../../src/contracts.ts';
import { createJwt } from './jwt.ts';

/** A token endpoint whose refresh tokens are good for one use: a second one kills the whole family. */
export interface RotatingIssuer {
  readonly provider: TokenProvider;
  /** How often a refresh token was redeemed. */
  readonly redeemed: number;
  /** Whether somebody redeemed a refresh token twice. */
  readonly isDead: boolean;
  readonly asked: readonly TokenContext[];
  /** What a login of `sub` gives. */
  login(sub: string): { token: string; refreshToken: string; expiresIn: number };
  revoke(): void;
}

export function createRotatingIssuer(lifetime = 60): RotatingIssuer {
  let generation = 0;
  let redeemed = 0;
  let isDead = false;
  let subject = '';
  const asked: TokenContext[] = [];
  const grant = (): { token: string; refreshToken: string; expiresIn: number } => ({
    token: createJwt({ sub: subject, n: generation }),
    refreshToken: `refresh-token-of-${subject}-${generation}`,
    expiresIn: lifetime,
  });
  return {
    asked,
    get redeemed() {
      return redeemed;
    },
    get isDead() {
      return isDead;
    },
    login(sub) {
      subject = sub;
      generation++;
      return grant();
    },
    revoke() {
      generation++;
    },
    provider(context) {
      asked.push(context);
      if (context.refreshToken === undefined) return null;
      if (isDead || context.refreshToken !== `refresh-token-of-${subject}-${generation}`) {
        isDead = true;
        return Response.json({ error: 'invalid_grant' }, { status: 400 });
      }
      redeemed++;
      generation++;
      return grant();
    },
  };
}
