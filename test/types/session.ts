/** Whose session it is: the user's type on its way from `accessToken` to `snapshot`. Nothing here runs. */
import { expectTypeOf } from 'vitest';
import {
  accessToken,
  type Claims,
  Client,
  combine,
  createFetch,
  type Session,
  type SessionError,
  type SessionSnapshot,
  type SessionUser,
} from '../../src/index.ts';

declare const issue: () => Promise<string>;

interface Member {
  readonly id: string;
  readonly name: string;
  readonly admin: boolean;
}

export function anInferredUser(): void {
  const client = new Client(
    accessToken(issue, {
      user: (claims, idTokenClaims) => {
        expectTypeOf(claims).toEqualTypeOf<Claims>();
        expectTypeOf(idTokenClaims).toEqualTypeOf<Claims>();
        return { id: String(claims.sub), name: String(idTokenClaims.name) };
      },
    }),
  );
  expectTypeOf(client.session).toEqualTypeOf<Session<{ id: string; name: string }>>();
}

declare const readMember: (claims: Claims) => Member;

/** An interface has no index signature: the user's type must not ask for one. */
export function aUserOfAnInterface(): void {
  const strategy = accessToken(issue, { user: readMember });
  const client = new Client(strategy, { baseUrl: '/api' });
  expectTypeOf(client).toEqualTypeOf<Client<Member>>();
  expectTypeOf(client.extend({ baseUrl: '/other' })).toEqualTypeOf<Client<Member>>();
  expectTypeOf(client.session.ready).resolves.toEqualTypeOf<SessionSnapshot<Member>>();
  expectTypeOf(createFetch(strategy).session).toEqualTypeOf<Session<Member>>();

  const { snapshot } = client.session;
  if (snapshot.status === 'signed-in') expectTypeOf(snapshot.user).toEqualTypeOf<Member>();
  if (snapshot.status === 'ended') {
    expectTypeOf(snapshot.user.admin).toEqualTypeOf<boolean>();
    expectTypeOf(snapshot.error).toEqualTypeOf<SessionError>();
  }
}

export function aUserOfWhomOnlyTheIdIsKnown(): void {
  const { snapshot } = new Client(issue).session;
  if (snapshot.status !== 'signed-in') return;
  expectTypeOf(snapshot.user).toEqualTypeOf<SessionUser>();
  expectTypeOf(snapshot.user.id).toEqualTypeOf<string>();
  // @ts-expect-error say so with the option `user`
  void snapshot.user.name;
}

export function functionsThatTakeAnyClient(client: Client<Member>): void {
  const listOrders = (any: Client): unknown => any.get('orders').json();
  const greet = (any: Session): string => any.snapshot.status;
  listOrders(client);
  greet(client.session);
  listOrders(new Client(combine([accessToken(issue, { user: readMember })])));
}

export function statusesCanBeSwitchedOver(snapshot: SessionSnapshot<Member>): string {
  switch (snapshot.status) {
    case 'loading':
      return '…';
    case 'signed-out':
      return 'Log in';
    case 'signed-in':
      return snapshot.user.name;
    case 'ended':
      return `${snapshot.user.name}: ${snapshot.error.code}`;
    default:
      return expectNothing(snapshot);
  }
}

declare function expectNothing(value: never): never;

export async function theSessionItself(session: Session<Member>): Promise<void> {
  expectTypeOf(session.subscribe(() => {})).toEqualTypeOf<() => void>();
  await session.refresh();
  await session.signIn({ access_token: 'token', expires_in: 60, refresh_token: undefined });
  await session.signOut();
  expectTypeOf(session.hasScope('orders:write')).toEqualTypeOf<boolean>();

  // @ts-expect-error nobody is signed in while `status` is not looked at
  void session.snapshot.user;
  // @ts-expect-error a snapshot holds no token
  void session.snapshot.token;
  // @ts-expect-error it is read, not written
  session.snapshot = { status: 'signed-out' };
  // @ts-expect-error a token response, as the endpoint sent it
  await session.signIn('token');
}

export function usersThatAreNone(): void {
  // @ts-expect-error a user has an id: with it a switch of users is told from a refresh
  accessToken(issue, { user: (claims) => ({ name: String(claims.name) }) });
  // @ts-expect-error and it is text
  accessToken(issue, { user: () => ({ id: 42 }) });
}
