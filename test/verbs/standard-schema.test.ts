/** Schemas of three libraries, through the one interface that they share: Standard Schema. */
import { type } from 'arktype';
import * as v from 'valibot';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { type Client, HttpError, ResponseError } from '../../src/index.ts';
import { valetErrorOf } from '../support/thrown.ts';
import { createVerbClient } from '../support/verb-client.ts';

interface Order {
  readonly id: number;
  readonly lines: readonly { readonly placed: Date }[];
}

interface Refusal {
  readonly reason: string;
  readonly at: Date;
}

const zodDate = z.iso.date().transform((text) => new Date(text));
const zodOrder = z.object({ id: z.number(), lines: z.array(z.object({ placed: zodDate })) });
const valibotDate = v.pipe(
  v.string(),
  v.isoDate(),
  v.transform((text) => new Date(text)),
);
const valibotOrder = v.object({ id: v.number(), lines: v.array(v.object({ placed: valibotDate })) });
const arktypeOrder = type({ id: 'number', lines: type({ placed: 'string.date.parse' }).array() });

/** What a library needs to be here. */
interface Library {
  readonly name: string;
  readonly errorSchema: NonNullable<NonNullable<Parameters<typeof createVerbClient>[1]>['errorSchema']>;
  order(client: Client): Promise<Order>;
}

const libraries: readonly Library[] = [
  {
    name: 'zod',
    errorSchema: z.object({ reason: z.string(), at: zodDate }),
    order: (client) => client.get('orders/7').json(zodOrder),
  },
  {
    name: 'valibot',
    errorSchema: v.object({ reason: v.string(), at: valibotDate }),
    order: (client) => client.get('orders/7').json(valibotOrder),
  },
  {
    name: 'arktype',
    errorSchema: type({ reason: 'string', at: 'string.date.parse' }),
    order: (client) => client.get('orders/7').json(arktypeOrder),
  },
];

test.each(libraries)('$name: what fits is checked and changed', async ({ order }) => {
  const { client } = createVerbClient(() => Response.json({ id: 7, lines: [{ placed: '2026-01-01' }] }));

  expect(await order(client)).toEqual({ id: 7, lines: [{ placed: new Date('2026-01-01') }] });
});

test.each(libraries)('$name: what does not is INVALID_RESPONSE, and says where', async ({ order }) => {
  const lines = [{ placed: '2026-01-01' }, { placed: 7 }];
  const { client } = createVerbClient(() => Response.json({ id: 7, lines }));

  const error = await valetErrorOf(() => order(client));

  expect(error).toBeInstanceOf(ResponseError);
  expect(error).toMatchObject({ code: 'INVALID_RESPONSE', retryable: false });
  expect(error.message).toContain('lines.1.placed: ');
  expect((error as ResponseError).issues).toHaveLength(1);
});

test.each(libraries)('$name: every fault is in the issues', async ({ order }) => {
  const { client } = createVerbClient(() => Response.json({ id: 'seven', lines: [{ placed: 7 }] }));

  const error = (await valetErrorOf(() => order(client))) as ResponseError;

  expect(error.issues).toHaveLength(2);
  expect(error.message).toContain('1 more');
});

test.each(libraries)('$name: errorSchema gives an error its data', async ({ order, errorSchema }) => {
  const sent = { reason: 'sold out', at: '2026-01-01' };
  const { client } = createVerbClient(() => Response.json(sent, { status: 409 }), { errorSchema });

  const error = (await valetErrorOf(() => order(client))) as HttpError<Refusal>;

  expect(error).toBeInstanceOf(HttpError);
  expect(error.data).toEqual({ reason: 'sold out', at: new Date('2026-01-01') });
});

test.each(libraries)(
  '$name: an error that errorSchema refuses keeps its body',
  async ({ order, errorSchema }) => {
    const { client } = createVerbClient(() => Response.json({ why: 'no' }, { status: 409 }), { errorSchema });

    const error = (await valetErrorOf(() => order(client))) as HttpError;

    expect(error).toMatchObject({ code: 'HTTP_ERROR', status: 409 });
    expect(error.data).toEqual({ why: 'no' });
  },
);

test('the type of what comes back is that of the schema', async () => {
  const { client } = createVerbClient(() => Response.json({ id: 7, lines: [] }));

  expectTypeOf(client.get('orders/7').json(zodOrder)).resolves.toExtend<Order>();
  expectTypeOf(client.get('orders/7').json(valibotOrder)).resolves.toExtend<Order>();
  expectTypeOf(client.get('orders/7').json(arktypeOrder)).resolves.toExtend<Order>();
  expect(await client.get('orders/7').json(zodOrder)).toEqual({ id: 7, lines: [] });
});
