import { expect, test } from 'vitest';
import { mergeHeaders } from '../../src/verbs/merge-headers.ts';
import { createVerbClient } from '../support/verb-client.ts';

type Headers_ = Parameters<typeof mergeHeaders>[0];

function merged(defaults: Headers_, own: Headers_): Record<string, string> {
  const headers = mergeHeaders(defaults, own);
  return Object.fromEntries(new Headers(headers as HeadersInit | undefined));
}

test('headers of a call are put on top of those of the client, in whatever form either comes', () => {
  const forms = (entries: [string, string][]): Headers_[] => [
    Object.fromEntries(entries),
    entries,
    new Headers(entries),
  ];
  for (const defaults of forms([
    ['X-A', '1'],
    ['x-b', '1'],
  ])) {
    for (const own of forms([
      ['x-B', '2'],
      ['x-c', '2'],
    ])) {
      expect(merged(defaults, own)).toEqual({ 'x-a': '1', 'x-b': '2', 'x-c': '2' });
    }
  }
});

test('headers are read as fetch reads them: both values of a name, and any iterable', async () => {
  const { client, sent } = createVerbClient();
  const forms: unknown[] = [
    [
      ['x-a', '1'],
      ['X-A', '2'],
      ['x-b', 'undefined'],
    ],
    { 'x-a': '1', 'X-A': '2', 'x-b': 'undefined' },
    new Map([
      ['x-a', '1, 2'],
      ['x-b', 'undefined'],
    ]),
  ];
  for (const headers of forms as NonNullable<Headers_>[]) {
    await client.get('x', { headers });
    await client.extend({ headers }).get('x', { hooks: {} });
    await client.extend({ headers: { 'x-a': '0' } }).get('x', { headers, searchParams: { page: 2 } });
  }
  expect(sent).toHaveLength(9);
  const seen = sent.map((request) => [request.headers.get('x-a'), request.headers.get('x-b')]);
  expect(new Set(seen.map(String))).toEqual(new Set(['1, 2,undefined']));
});

test('undefined takes a header of the client away', () => {
  expect(merged({ 'x-a': '1', 'x-b': '1' }, { 'X-A': undefined })).toEqual({ 'x-b': '1' });
});

test('one side alone is left as it is', () => {
  const headers = { 'x-a': '1' };
  expect(mergeHeaders(headers, undefined)).toBe(headers);
  expect(mergeHeaders(undefined, headers)).toBe(headers);
  expect(mergeHeaders(undefined, undefined)).toBeUndefined();
});

test('merging changes neither side', () => {
  const defaults = new Headers({ 'x-a': '1' });
  const own = { 'x-a': undefined, 'x-b': '2' };
  mergeHeaders(defaults, own);
  expect(defaults.get('x-a')).toBe('1');
  expect(own).toEqual({ 'x-a': undefined, 'x-b': '2' });
});

test('the headers of a client are on each verb, and a call may change and remove them', async () => {
  const { client, sent } = createVerbClient(undefined, { headers: { 'x-app': 'demo', 'x-tenant': 'a' } });
  await client.get('x');
  await client.get('x', { headers: { 'x-tenant': 'b' } });
  await client.get('x', { headers: { 'x-app': undefined } });
  await client.get('x');
  const seen = sent.map(({ headers }) => [headers.get('x-app'), headers.get('x-tenant')]);
  expect(seen).toEqual([
    ['demo', 'a'],
    ['demo', 'b'],
    [null, 'a'],
    ['demo', 'a'],
  ]);
});

test('the headers of a client are for verbs: fetch sends what it is given', async () => {
  const { client, sent } = createVerbClient(undefined, { headers: { 'x-app': 'demo' } });
  await client.fetch('x');
  expect(sent[0]?.headers.has('x-app')).toBe(false);
});

test('a child has the headers of its parent with its own on top', async () => {
  const { client, sent } = createVerbClient(undefined, { headers: { 'x-app': 'demo', 'x-tenant': 'a' } });
  await client.extend({ headers: { 'x-tenant': 'b' } }).get('x');
  await client.extend({ headers: { 'x-app': undefined } }).get('x');
  await client.extend({}).get('x');
  const seen = sent.map(({ headers }) => [headers.get('x-app'), headers.get('x-tenant')]);
  expect(seen).toEqual([
    ['demo', 'b'],
    [null, 'a'],
    ['demo', 'a'],
  ]);
});
