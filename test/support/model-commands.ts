import fc from 'fast-check';
import { settle } from './clock.ts';
import type { UserId, Wanted } from './model-issuer.ts';
import type { ApiPlan } from './model-requests.ts';
import { type EndpointPlan, World, type WorldKind } from './model-world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const SLOTS: readonly Wanted[] = [
  { scopes: [] },
  { scopes: ['a'] },
  { scopes: ['a', 'b'] },
  { scopes: [], audience: 'x' },
];

type Action =
  | {
      readonly kind: 'request';
      readonly slot: number;
      readonly path: '/' | '/write';
      readonly plan: ApiPlan | undefined;
      readonly times: number;
    }
  | { readonly kind: 'abort'; readonly which: 'newest' | 'all' }
  | { readonly kind: 'forward'; readonly ms: number }
  | { readonly kind: 'sleep' | 'jump'; readonly ms: number }
  | { readonly kind: 'endpoint'; readonly plan: EndpointPlan }
  | { readonly kind: 'api'; readonly plan: ApiPlan; readonly times: number }
  | { readonly kind: 'release'; readonly which: 'oldest' | 'newest'; readonly status: 401 | undefined }
  | { readonly kind: 'signIn'; readonly user: UserId }
  | { readonly kind: 'change'; readonly user: UserId | undefined; readonly tells: boolean }
  | { readonly kind: 'revoke' | 'signOut' }
  | { readonly kind: 'refresh' | 'ready' | 'offline' | 'online' };

/** One command. With `tight` the next one follows before anything could come of it. */
export type Command = Action & { readonly tight: boolean };

const user = fc.constantFrom<UserId>('ada', 'ada', 'bob');
const well: EndpointPlan['reply'][] = ['grant', 'grant', 'grant', 'grant', 'garbled'];
const badly: EndpointPlan['reply'][] = [
  'invalid_grant',
  'session_error',
  'login_required',
  'invalid_client',
  'null',
  '503',
  '429',
  'html',
  'throws',
  'reset',
  'lost',
];
const endpointPlan = fc.record({
  reply: fc.constantFrom(...well, ...badly),
  delay: fc.constantFrom(0, 0, 0, 1500, 12_000, 39_000, 41_000, Number.POSITIVE_INFINITY),
  deaf: fc.boolean(),
});

function a<Kind extends string, Rest extends object>(
  kind: Kind,
  rest: {
    [Key in keyof Rest]: fc.Arbitrary<Rest[Key]>;
  },
): fc.Arbitrary<Rest & { kind: Kind; tight: boolean }> {
  const tight = fc.integer({ min: 0, max: 3 }).map((draw) => draw === 3);
  return fc.record({ kind: fc.constant(kind), tight, ...rest }) as fc.Arbitrary<
    Rest & { kind: Kind; tight: boolean }
  >;
}

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: a('request', {
      slot: fc.constantFrom(0, 0, 0, 1, 2, 3),
      path: fc.constantFrom('/', '/', '/', '/write'),
      plan: fc.constantFrom(undefined, undefined, undefined, 'hold', 'hold', 'refuse', 'drop'),
      times: fc.constantFrom(1, 1, 1, 3),
    }),
  },
  {
    weight: 6,
    arbitrary: a('forward', {
      ms: fc.constantFrom(1, 50, 900, 5000, 11_000, 29_000, 45_000, 70_000, HOUR, 30 * DAY),
    }),
  },
  { weight: 6, arbitrary: a('endpoint', { plan: endpointPlan }) },
  {
    weight: 2,
    arbitrary: a('api', {
      plan: fc.constantFrom<ApiPlan>('hold', 'refuse', 'refuse', 'drop'),
      times: fc.constantFrom(1, 1, 2, 6),
    }),
  },
  {
    weight: 4,
    arbitrary: a('release', {
      which: fc.constantFrom('oldest', 'newest'),
      status: fc.constantFrom(401, 401, undefined),
    }),
  },
  { weight: 1, arbitrary: a('jump', { ms: fc.constantFrom(-DAY, -600_000, -1000, 1000, 600_000, DAY) }) },
  { weight: 1, arbitrary: a('sleep', { ms: fc.constantFrom(20_000, HOUR, 3 * DAY) }) },
  { weight: 2, arbitrary: a('abort', { which: fc.constantFrom('newest', 'all') }) },
  { weight: 3, arbitrary: a('signIn', { user }) },
  {
    weight: 2,
    arbitrary: a('change', {
      user: fc.constantFrom<UserId | undefined>('ada', 'ada', 'bob', 'bob', undefined),
      tells: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: a('online', {}) },
  ...(['revoke', 'signOut', 'refresh', 'ready', 'offline'] as const).map((kind) => a(kind, {})),
);

export const anyWorld: fc.Arbitrary<WorldKind> = fc.record({
  lifetime: fc.constantFrom(60, 60, 3600, 3600, 1, 5, 30, 30 * 86_400, undefined),
  tells: fc.boolean(),
  rotates: fc.constantFrom(true, true, false),
  endpoint: fc.boolean(),
  holds: fc.constantFrom(true, true, false),
  stepUp: fc.constantFrom(true, true, false),
  grantsWrite: fc.constantFrom(true, true, false),
  refusesAll: fc.integer({ min: 0, max: 9 }).map((draw) => draw > 7),
  closesEarly: fc.boolean(),
});

/** Runs `commands` against a client, and tells what was not as it must be. */
export async function play(
  kind: WorldKind,
  commands: readonly Command[],
  seen: Map<string, number>,
): Promise<readonly string[]> {
  const world = new World(kind, seen);
  const { clock, requests, rules } = world;
  for (const command of commands) {
    if (command.kind === 'forward') await forward(world, command.ms);
    else take(world, command);
    if (command.tight) continue;
    await clock.advance(0);
    requests.look();
  }
  await clock.advance(0);
  world.calmDown();
  if (kind.closesEarly) requests.close();
  // Longer than a request is ever held.
  for (let rounds = 0; requests.unsettled > 0 && rounds < 40; rounds++) await clock.advance(20_000);
  rules.must(requests.unsettled === 0, `${requests.unsettled} promises have not settled`);
  requests.look();
  requests.close();
  await clock.advance(0);
  world.close();
  rules.must(clock.timers === 0, `${clock.timers} timers are left`);
  rules.must(clock.wakeListeners === 0, `${clock.wakeListeners} wake listeners are left`);
  await settle();
  return rules.broken;
}

/** Nobody polls for a month: the only one that asks on and on is `ready`, while nothing is known. */
function forward({ clock, isOffline }: World, ms: number): Promise<void> {
  return clock.advance(isOffline ? Math.min(ms, HOUR) : ms);
}

function take(world: World, command: Exclude<Command, { kind: 'forward' }>): void {
  const { client, clock, requests, rules } = world;
  if (command.kind === 'request') {
    const { slot, path, plan, times } = command;
    // Where everything is refused, what counts is how often the same one is.
    const wanted = SLOTS[world.kind.refusesAll ? 0 : slot] ?? { scopes: [] };
    for (let n = 0; n < times; n++) requests.send(wanted, path, plan);
  }
  if (command.kind === 'abort') requests.abort(command.which);
  if (command.kind === 'sleep') world.sleep(command.ms);
  if (command.kind === 'jump') world.jump(command.ms);
  if (command.kind === 'endpoint') world.plans.push(command.plan);
  if (command.kind === 'api') {
    const { plan, times } = command;
    world.apiPlans.push(...Array.from({ length: times }, () => plan));
  }
  if (command.kind === 'release') world.release(command.which, command.status);
  if (command.kind === 'revoke') world.issuer.revokeAll();
  if (command.kind === 'change') world.change(command.user, command.tells);
  if (command.kind === 'signIn') {
    const tokens = world.login(command.user);
    rules.changed('signIn', tokens.refresh_token ?? undefined);
    requests.watch(client.session.signIn(tokens));
  }
  if (command.kind === 'signOut') requests.signOut();
  if (command.kind === 'refresh') {
    rules.changed('refresh');
    requests.watch(client.session.refresh());
  }
  if (command.kind === 'ready') {
    const { ready } = client.session;
    // Where nothing is known at the close, nothing ever will be.
    if (!world.kind.closesEarly) requests.watch(ready);
  }
  if (command.kind === 'offline') world.isOffline = true;
  if (command.kind === 'online') {
    world.isOffline = false;
    rules.changed('wake');
    clock.wake();
  }
}
