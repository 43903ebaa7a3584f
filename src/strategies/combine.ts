import type { AuthStrategy, Awaitable, CredentialQuery, Outgoing, Placement } from '../contracts.ts';
import { invalidOption } from '../options.ts';

const STRICTEST_FIRST: readonly Placement[] = ['query', 'header', 'authorization'];

/**
 * Writes several credentials on one request, such as an application's key and a user's token. At most one of
 * them may have a session; redirects follow the strictest placement.
 *
 * @throws `ConfigError` `INVALID_OPTION`
 */
export function combine(strategies: readonly AuthStrategy[]): AuthStrategy<readonly unknown[]> {
  const user = check(strategies);
  const placements = new Set(strategies.map((strategy) => strategy.placement));
  return {
    name: strategies.map((strategy) => strategy.name).join('+'),
    placement: STRICTEST_FIRST.find((placement) => placements.has(placement)) ?? 'header',
    ...(user?.session && { session: user.session }),
    discovers: user?.discovers === true,
    connect(host) {
      for (const strategy of strategies) strategy.connect?.(host);
    },
    credential(query) {
      const { rejected } = query;
      const asked = strategies.map((strategy, index) =>
        ask(strategy, { ...query, rejected: rejected?.[index] }),
      );
      return all(asked, (credentials) => {
        const same =
          rejected !== undefined && credentials.every((credential, index) => credential === rejected[index]);
        return same ? rejected : credentials;
      });
    },
    ...(user?.stepUp && {
      stepUp(query) {
        const index = strategies.indexOf(user);
        const rejected = query.rejected ?? [];
        const better = user.stepUp?.({ ...query, rejected: rejected[index] });
        return all([better], ([one]) => (one === rejected[index] ? rejected : rejected.with(index, one)));
      },
    }),
    apply: (outgoing, credentials) =>
      all(
        strategies.map((strategy, index) => strategy.apply(outgoing, credentials[index])),
        () => {},
      ),
    ...(strategies.some((strategy) => strategy.learn !== undefined) && {
      learn: (response: Response, outgoing: Outgoing) =>
        strategies.map((strategy) => strategy.learn?.(response, outgoing) ?? false).includes(true),
    }),
    isStale: () => user?.isStale?.() === true,
    epoch: (credentials) => user?.epoch?.(credentials?.[strategies.indexOf(user)]),
    describe: (credentials) =>
      strategies.flatMap((strategy, index) => strategy.describe?.(credentials[index]) ?? []).join('+'),
    explain: (credentials) =>
      strategies.flatMap((strategy, index) => strategy.explain?.(credentials[index]) ?? []).join(' '),
  };
}

/** Refuses what cannot be combined. Returns the one strategy that knows a user. */
function check(strategies: readonly AuthStrategy[]): AuthStrategy | undefined {
  // As JavaScript passes them: side by side, or a bare key among them.
  const given: unknown = strategies;
  if (!Array.isArray(given) || !given.every((one) => typeof one?.credential === 'function'))
    throw invalidOption(
      'combine() takes a list of strategies: combine([apiKey(key), accessToken(getToken)]).',
    );
  const sessions = strategies.filter((strategy) => strategy.session !== undefined);
  if (strategies.length === 0 || sessions.length > 1) {
    throw invalidOption(
      `combine() takes at least one strategy, and at most one that knows a user. It got ${strategies.length}, ` +
        `of which ${sessions.length} know one.`,
    );
  }
  const written = strategies.flatMap((strategy) => strategy.writes ?? []);
  const twice = written.find((label, index) => written.indexOf(label) !== index);
  if (twice !== undefined) {
    throw invalidOption(
      `combine(): two strategies write the ${twice}, so one credential would be lost. Give one another name.`,
    );
  }
  return sessions[0];
}

/** What is thrown at once rejects like the rest: another one may be under way, and its failure is heard. */
function ask(strategy: AuthStrategy, query: CredentialQuery): Awaitable<unknown> {
  try {
    return strategy.credential(query);
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** Stays synchronous while everything in it is. */
function all<T, R>(values: readonly Awaitable<T>[], then: (values: readonly T[]) => R): Awaitable<R> {
  return values.some((value) => typeof (value as Partial<Promise<T>> | null | undefined)?.then === 'function')
    ? Promise.all(values).then(then)
    : then(values as readonly T[]);
}
