/** Users of the tests of an app, with the fields that the app gives them. No cast. Nothing here runs. */
import { expectTypeOf } from 'vitest';
import {
  createAuthServer,
  createTestClient,
  fakeTokenProvider,
  protectedApi,
  type TestClient,
} from '../../src/testing.ts';

/** An interface has no index signature: nothing may ask for one. */
interface Member {
  readonly id: string;
  readonly name: string;
}

declare const member: Member;
const server = createAuthServer();

export function aServerTakesUsersWithMoreThanAnId(): void {
  server.login({ id: 'ada', name: 'Ada' });
  server.login(member, { scopes: ['orders'] });
  server.approve('CODE', { id: 'ada', roles: ['admin'] });
  server.approve('CODE', member);
  server.user = { id: 'ada', name: 'Ada' };
  server.user = member;

  // @ts-expect-error a user has an id
  server.login({ name: 'Ada' });
  // @ts-expect-error and it is text
  server.user = { id: 42 };
}

export function aFakeProviderTakesUsersWithMoreThanAnId(): void {
  const provider = fakeTokenProvider({ user: { id: 'ada', name: 'Ada' } });
  fakeTokenProvider({ user: member });
  provider.user = { id: 'bob', admin: true };
  provider.user = member;
  provider.user = null;

  // @ts-expect-error a user has an id
  fakeTokenProvider({ user: { name: 'Ada' } });
}

export function anApiReadsTheFieldsOfTheUser(): void {
  protectedApi(server, ({ user }) => {
    expectTypeOf(user?.id).toEqualTypeOf<string | undefined>();
    return Response.json({ name: user?.name });
  });
}

export function aClientKnowsItsUser(client: TestClient<Member>): void {
  expectTypeOf(createTestClient({ user: member })).toEqualTypeOf<TestClient<Member>>();
  const { snapshot } = client.session;
  if (snapshot.status === 'signed-in') expectTypeOf(snapshot.user).toEqualTypeOf<Member>();
  void createTestClient<Member>({ user: null }).signInAs({ id: 'ada', name: 'Ada' });

  // @ts-expect-error components of the app want a name
  void client.signInAs({ id: 'ada' });
}
