import { expect, test } from 'vitest';
import {
  type CallStart,
  compose,
  createExchange,
  nameOf,
  type Stage,
  summarize,
} from '../../src/pipeline/exchange.ts';

function exchangeOf(start: Partial<CallStart>) {
  return createExchange({
    number: 1,
    input: 'https://api.test/x',
    init: undefined,
    auth: undefined,
    body: undefined,
    ...start,
  });
}

test('stages run in their order on the way down and in the other on the way up', async () => {
  const order: string[] = [];
  const stage =
    (name: string): Stage =>
    async (exchange, next) => {
      order.push(`${name} down`);
      const response = await next(exchange);
      order.push(`${name} up`);
      return response;
    };
  const run = compose([stage('a'), stage('b')], async () => {
    order.push('send');
    return new Response();
  });

  await run(exchangeOf({}));

  expect(order).toEqual(['a down', 'b down', 'send', 'b up', 'a up']);
});

test('a stage may call the rest twice, or not at all', async () => {
  let sent = 0;
  const twice: Stage = async (exchange, next) => {
    await next(exchange);
    return next(exchange);
  };
  const never: Stage = async () => new Response('cached');
  const send = async (): Promise<Response> => {
    sent += 1;
    return new Response();
  };

  await compose([twice], send)(exchangeOf({}));
  expect(sent).toBe(2);
  expect(await (await compose([never, twice], send)(exchangeOf({}))).text()).toBe('cached');
  expect(sent).toBe(2);
});

test('method and signal are those of the init, else of the Request', () => {
  const { signal } = new AbortController();
  const request = new Request('https://api.test/x', { method: 'DELETE' });

  expect(exchangeOf({}).method).toBe('GET');
  expect(exchangeOf({ input: request }).method).toBe('DELETE');
  expect(exchangeOf({ input: request, init: { method: 'put' } }).method).toBe('PUT');
  expect(exchangeOf({ init: { signal } }).signal).toBe(signal);
  expect(exchangeOf({ input: request }).signal).toBe(request.signal);
  expect(exchangeOf({ input: request, init: { signal } }).signal).toBe(signal);
  expect(exchangeOf({ input: request, init: { signal: null } }).signal).toBeUndefined();
});

test('messages name a request by method and path alone', () => {
  const exchange = exchangeOf({ init: { method: 'PUT' } });
  exchange.href = 'https://user:word@api.test/v1/orders?token=secret#top';

  expect(nameOf(exchange)).toBe('PUT /v1/orders?…');
  expect(summarize(exchange)).toEqual({ id: 'r1', method: 'PUT', url: 'https://api.test/v1/orders?…' });
});
