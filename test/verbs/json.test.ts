import { expect, test } from 'vitest';
import { z } from 'zod';
import { ResponseError } from '../../src/index.ts';
import { thrownBy, valetErrorOf } from '../support/thrown.ts';
import { createVerbClient } from '../support/verb-client.ts';

const ORDER = z.object({ id: z.number(), placed: z.coerce.date() });

test('a schema checks and changes what came', async () => {
  const { client } = createVerbClient(() => Response.json({ id: 7, placed: '2026-01-01' }));
  expect(await client.get('orders/7').json(ORDER)).toEqual({ id: 7, placed: new Date('2026-01-01') });
});

test('what a schema refuses is INVALID_RESPONSE, with all issues and the first one in the message', async () => {
  const { client } = createVerbClient(() => Response.json({ id: 'seven', placed: 'never' }));
  const error = await valetErrorOf(() => client.get('orders/7').json(ORDER));
  expect(error).toBeInstanceOf(ResponseError);
  expect(error).toMatchObject({ code: 'INVALID_RESPONSE', retryable: false });
  expect((error as ResponseError).issues).toHaveLength(2);
  expect(error.message).toContain('id: ');
  expect(error.message).toContain('1 more');
});

test('a fault deep inside is named by its path', async () => {
  const { client } = createVerbClient(() => Response.json({ orders: [{ id: 1 }, { id: 'x' }] }));
  const schema = z.object({ orders: z.array(z.object({ id: z.number() })) });
  const error = await valetErrorOf(() => client.get('orders').json(schema));
  expect(error.message).toContain('orders.1.id: ');
});

test('a schema may be asynchronous', async () => {
  const { client } = createVerbClient(() => Response.json('a'));
  const schema = z.string().refine(async (text) => Promise.resolve(text === 'b'), 'it is not b');
  const error = await valetErrorOf(() => client.get('x').json(schema));
  expect(error.message).toContain('it is not b');
});

test.each([null, {}, 'schema', { '~standard': {} }])('%j is no schema', async (schema) => {
  const { client } = createVerbClient(() => Response.json({}));
  const error = await valetErrorOf(() => client.get('x').json(schema as unknown as z.ZodType));
  expect(error.code).toBe('INVALID_OPTION');
});

test('what a schema throws is the caller’s own error', async () => {
  const { client } = createVerbClient(() => Response.json({}));
  const mine = new Error('mine');
  const schema = z.unknown().transform(() => {
    throw mine;
  });
  expect(await thrownBy(() => client.get('x').json(schema))).toBe(mine);
});

test.each<[string, BodyInit | null, string | undefined]>([
  ['a page', '<!DOCTYPE html><html>sign in</html>', 'text/html; charset=utf-8'],
  ['a text', 'OK', 'text/plain'],
  ['nothing', null, undefined],
])('%s instead of JSON is NOT_JSON, which says how it begins', async (_, body, type) => {
  const headers = type === undefined ? {} : { 'content-type': type };
  const { client } = createVerbClient(() => new Response(body, { headers }));
  const error = await valetErrorOf(() => client.get('orders').json());
  expect(error).toBeInstanceOf(ResponseError);
  expect(error.code).toBe('NOT_JSON');
  expect(error.message).toMatch(/^GET \/v1\/orders answered 200 /);
  expect(error.message).toContain(type?.split(';')[0] ?? 'no content type');
  expect(error.message).toContain(body === null ? 'empty' : JSON.stringify(body).slice(0, 10));
});

test('JSON that is cut off is NOT_JSON, too, which does not speak of login pages', async () => {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const { client } = createVerbClient(() => new Response('{"id":', { headers }));
  const error = await valetErrorOf(() => client.get('orders').json());
  expect(error.code).toBe('NOT_JSON');
  expect(error.message).toContain('cut off');
  expect(error.message).not.toContain('login');
});

test('a page with a schema is NOT_JSON, not a fault of the schema', async () => {
  const { client } = createVerbClient(() => new Response('<p>'));
  expect(await valetErrorOf(() => client.get('x').json(ORDER))).toMatchObject({ code: 'NOT_JSON' });
});

test('an empty body is undefined to a schema', async () => {
  const { client } = createVerbClient(() => new Response(null, { status: 204 }));
  expect(await client.delete('x').json(z.undefined())).toBeUndefined();
  expect(await valetErrorOf(() => client.delete('x').json(ORDER))).toMatchObject({
    code: 'INVALID_RESPONSE',
  });
});

test('the message of NOT_JSON quotes little of the page', async () => {
  const { client } = createVerbClient(() => new Response(`<html>${'secret of the user '.repeat(1000)}`));
  const { message } = await valetErrorOf(() => client.get('x').json());
  expect(message.length).toBeLessThan(400);
});

test('parseJson replaces the parser, with and without a schema', async () => {
  const { client } = createVerbClient(() => new Response('7'));
  const parseJson = (text: string): unknown => ({ id: Number(text), placed: 0 });
  expect(await client.get('x', { parseJson }).json()).toEqual({ id: 7, placed: 0 });
  expect(await client.get('x', { parseJson }).json(ORDER)).toEqual({ id: 7, placed: new Date(0) });
});

test('JSON with __proto__ is data', async () => {
  const { client } = createVerbClient(() => new Response('{"__proto__":{"admin":true}}'));
  const value = await client.get('x').json<{ admin?: boolean }>();
  expect(value.admin).toBeUndefined();
});

test.each([204, 205])('a %i has no body, and its message speaks of no login page', async (status) => {
  const { client } = createVerbClient(() => new Response(null, { status }));
  const { message, code } = await valetErrorOf(() => client.get('x').json());
  expect(code).toBe('NOT_JSON');
  expect(message).toContain(`answered ${status}, which has no body. Leave .json() out`);
  expect(message).not.toContain('login');
});
