/** Real sockets on loopback: keep-alive, 64 requests at a time, the server in another process. */
import { startServer } from './child.ts';
import { CONTENDERS, type GetJson, WRAPPER } from './contenders.ts';
import { cpuMicros, interleave, median, ratio } from './measure.ts';
import { CLIENT_FETCH } from './ours.ts';
import { printBudget, printTable, showRatio, showSpread } from './table.ts';
import { freshWorld } from './world.ts';

const ROUNDS = 24;
const REQUESTS = 400;
const CONCURRENCY = 64;

export async function benchLoopback(): Promise<void> {
  using server = await startServer();
  const again = `${WRAPPER}, again (A/A)`;
  const gets = new Map(CONTENDERS.map(({ name, connect }) => [name, connect(freshWorld(server.origin))]));
  const yardstick = CONTENDERS.find(({ name }) => name === WRAPPER);
  if (yardstick) gets.set(again, yardstick.connect(freshWorld(server.origin)));
  const names = [...gets.keys()];
  const wall = new Map(names.map((name): [string, number[]] => [name, []]));
  const measure = async (name: string): Promise<number> => {
    const { micros, ms } = await load(gets.get(name));
    wall.get(name)?.push(ms);
    return micros;
  };
  await interleave(names, 4, measure);
  for (const times of wall.values()) times.length = 0;
  const cpu = await interleave(names, ROUNDS, measure);

  const rows = names.map((name) => {
    const ofCpu = ratio(cpu, name, WRAPPER);
    const perSecond = (REQUESTS / median(wall.get(name) ?? [])) * 1000;
    // Requests per second: the inverse of time.
    const speed = ratio(wall, WRAPPER, name);
    const micros = median(cpu.get(name) ?? []).toFixed(0);
    return [name, micros, showRatio(ofCpu), showSpread(ofCpu), perSecond.toFixed(0), showRatio(speed)];
  });
  printTable(
    `loopback, concurrency ${CONCURRENCY} (${ROUNDS} interleaved rounds of ${REQUESTS})`,
    ['', 'CPU µs', '× wrapper', 'half of rounds', 'req/s', '× wrapper'],
    rows,
  );
  printBudget(
    `${CLIENT_FETCH}, CPU on loopback`,
    ratio(cpu, CLIENT_FETCH, WRAPPER).median,
    1.1,
    ' × wrapper',
  );
}

async function load(get: GetJson | undefined): Promise<{ micros: number; ms: number }> {
  if (get === undefined) return { micros: Number.NaN, ms: Number.NaN };
  let left = REQUESTS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await get('/v1/orders/1');
  };
  globalThis.gc?.({ type: 'minor' });
  const cpu = cpuMicros();
  const start = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return { micros: (cpuMicros() - cpu) / REQUESTS, ms: performance.now() - start };
}
