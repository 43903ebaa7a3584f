/** Somebody who can sign in, and what they may do. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: string;
  readonly since: string;
  readonly scopes: readonly string[];
}

/** Every scope of the user API. Who asks for all of them is granted their own. */
export const API_SCOPES = ['orders:read', 'orders:write', 'orders:refund'] as const;

/** Two people with one difference: only the manager may refund. */
export const people: readonly Person[] = [
  {
    id: 'ada',
    name: 'Ada Okafor',
    email: 'ada@kettle.example',
    role: 'Store manager',
    since: '2019-03-04',
    scopes: ['orders:read', 'orders:write', 'orders:refund'],
  },
  {
    id: 'bob',
    name: 'Bob Lindqvist',
    email: 'bob@kettle.example',
    role: 'Counter',
    since: '2024-09-16',
    scopes: ['orders:read', 'orders:write'],
  },
];
