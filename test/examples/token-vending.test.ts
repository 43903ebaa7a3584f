import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runProgram } from '../../examples/demo/run-program.ts';
import { type ReportsApi, startReportsApi } from '../../examples/servers/reports-api.ts';
import {
  type Employee,
  startVendingMachine,
  type VendingMachine,
} from '../../examples/servers/vending-machine.ts';
import { Client } from '../../src/index.ts';
import { createManualClock, type ManualClock } from '../support/clock.ts';
import { quiet } from '../support/quiet.ts';
import { thrownBy } from '../support/thrown.ts';
import { outcomeOf } from '../support/token-valet.ts';

// One of these is a program of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const MINUTE = 60_000;
const secret = 'what only the two servers know';
const ada: Employee = { id: 'ada', role: 'auditor' };

let vending: VendingMachine;
let reports: ReportsApi;

beforeEach(async () => {
  vending = await startVendingMachine({ secret, resource: '/reports/7' });
  reports = await startReportsApi(secret);
});
afterEach(async () => {
  await vending.close();
  await reports.close();
});

interface Visitor {
  readonly report: Client;
  readonly clock: ManualClock;
  readonly read: () => Promise<number | string>;
  /** Resolves when a refresh has failed. */
  readonly failure: () => Promise<{ readonly code: string; readonly retryAfter?: number }>;
}

/** A client as in the example, on a clock that a test moves. */
function createVisitor(cookie: string): Visitor {
  const clock = createManualClock();
  const report = new Client(
    ({ signal }) => fetch(vending.url, { method: 'POST', headers: { cookie }, signal }),
    { baseUrl: reports.origin, logger: quiet, retry: 0, runtime: { clock, random: () => 0.5 } },
  );
  const failure: Visitor['failure'] = () =>
    new Promise((resolve) => {
      const off = report.on('refreshfailed', (event) => {
        off();
        resolve(event);
      });
    });
  return { report, clock, read: () => outcomeOf(report.fetch('reports/7')), failure };
}

test('the program: an auditor reads and may not write, an editor may, and nobody reads without a login', async () => {
  const { code, lines } = await runProgram('token-vending.ts', {});
  expect(lines).toEqual([
    'ada reads: Coffee, by month',
    '  writes: 403',
    '  reads another report: 403',
    'bob reads: Coffee, by month',
    '  writes: 200',
    '  reads another report: 403',
    'nobody: SIGNED_OUT',
    '3 calls of the machine, 6 of the API',
  ]);
  expect(code).toBe(0);
});

test('one token serves fifteen minutes, and is renewed once, on a clock that is months wrong', async () => {
  const { clock, read } = createVisitor(vending.signIn(ada));
  for (let minute = 0; minute < 14; minute++) {
    expect(await read()).toBe(200);
    await clock.advance(MINUTE - 1);
  }
  expect(vending.requests).toHaveLength(1);
  clock.sleep(2 * MINUTE);
  expect(await read()).toBe(200);
  expect(vending.requests).toHaveLength(2);
});

test('the write of a role that only reads is a 403 that stands: no other token is asked for', async () => {
  const { report } = createVisitor(vending.signIn(ada));
  const error = await thrownBy(() => report.put('reports/7', { json: { title: 'Tea' } }));
  expect(error).toMatchObject({ code: 'HTTP_ERROR', status: 403 });
  expect(vending.requests).toHaveLength(1);
  expect(reports.requests).toMatchObject([{ method: 'PUT', status: 403 }]);
});

test('the token goes to the API and never to the machine, the cookie to the machine and never to the API', async () => {
  const { report, clock, read } = createVisitor(vending.signIn(ada));
  await read();
  clock.sleep(15 * MINUTE);
  await read();
  expect(await outcomeOf(report.fetch(vending.url, { method: 'POST' }))).toBe('ORIGIN_NOT_ALLOWED');

  expect(vending.requests.map(({ authorization }) => authorization)).toEqual([null, null]);
  expect(reports.requests.map(({ hasToken, cookie }) => [hasToken, cookie])).toEqual([
    [true, null],
    [true, null],
  ]);
});

test('a 401 of the machine means "sign in": signed out without a session, its end with one', async () => {
  const stranger = createVisitor('sid=unknown');
  expect(await stranger.read()).toBe('SIGNED_OUT');
  expect(stranger.report.session.snapshot.status).toBe('signed-out');

  const known = createVisitor(vending.signIn(ada));
  expect(await known.read()).toBe(200);
  vending.signOutAll();
  known.clock.sleep(15 * MINUTE);
  expect(await known.read()).toBe('SESSION_ENDED');
  expect(known.report.session.snapshot).toMatchObject({ status: 'ended', user: { id: 'ada' } });
  expect(reports.requests).toHaveLength(1);
});

const TROUBLES: Readonly<Record<string, () => Promise<void> | void>> = {
  'a 429': () => vending.setMode('busy'),
  'a 503': () => vending.setMode('down'),
  'no network': () => vending.close(),
};

test.each(Object.entries(TROUBLES))(
  '%s of the machine: the session stays, and the token that is good goes on',
  async (_, begin) => {
    const { report, clock, read, failure } = createVisitor(vending.signIn(ada));
    expect(await read()).toBe(200);
    await begin();
    await clock.advance(14.5 * MINUTE);
    const failed = failure();
    // In the last minute: it is sent while a refresh fails behind it.
    expect(await read()).toBe(200);
    expect(await failed).toMatchObject({ retryable: true });
    expect(await read()).toBe(200);
    expect(report.session.snapshot).toMatchObject({ status: 'signed-in', user: { id: 'ada' } });
  },
);

test('a machine that is busy from the start is waited for as it says, and then serves', async () => {
  const { report, clock, read } = createVisitor(vending.signIn(ada));
  vending.setMode('busy');
  const error = await thrownBy(() => report.get('reports/7'));
  expect(error).toMatchObject({
    code: 'TOKEN_ENDPOINT_UNAVAILABLE',
    status: 429,
    retryable: true,
    retryAfter: 30_000,
  });
  vending.setMode('ok');
  // Longer than a request waits for a token: it fails at once.
  await clock.advance(19_000);
  expect(await read()).toBe('TOKEN_ENDPOINT_UNAVAILABLE');
  expect(vending.requests).toHaveLength(1);
  await clock.advance(11_000);
  expect(await read()).toBe(200);
});
