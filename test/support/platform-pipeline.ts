import { connect } from '../../src/connection.ts';
import type { AuthStrategy, FetchLike } from '../../src/contracts.ts';
import { silence } from '../../src/events.ts';
import { attach } from '../../src/pipeline/attach.ts';
import { authenticate } from '../../src/pipeline/authenticate.ts';
import { compose, sendWith } from '../../src/pipeline/exchange.ts';
import { createPolicy, guard } from '../../src/pipeline/guard.ts';
import { redirects } from '../../src/pipeline/redirects.ts';
import { resolve } from '../../src/pipeline/resolve.ts';
import { type PipelineOptions, readSettings } from '../../src/pipeline/settings.ts';
import { fetchOver, type ValetFetch } from '../../src/pipeline.ts';
import type { Platform } from '../../src/platform.ts';

/** The pipeline as it would run on another platform than this one. */
export function createFetchOn(
  platform: Platform,
  strategy: AuthStrategy,
  fetch: FetchLike,
  options: PipelineOptions = { baseUrl: 'https://api.test' },
): ValetFetch {
  const settings = readSettings(options);
  const on = (): Platform => platform;
  const policy = createPolicy(settings, on);
  const stages = [
    resolve(settings),
    guard(policy),
    authenticate(strategy, silence),
    redirects(strategy, policy, on),
    attach(strategy, on),
  ];
  const connection = connect(strategy, { runtime: { fetch } });
  return fetchOver(connection, settings, compose(stages, sendWith(connection.host.fetch)));
}
