import { expect, test } from 'vitest';
import { bodyOf } from '../../src/pipeline/body.ts';
import { isWhole, streamOf } from '../support/streams.ts';

const KIB = 1024;

function post(body: BodyInit | undefined): Request {
  const init = { method: 'POST', body, duplex: 'half' };
  return new Request('https://api.test/x', init as RequestInit);
}

test.each([
  ['a URL without a body', '/x', undefined],
  ['a URL with null', '/x', null],
  ['a Request without a body', post(undefined), undefined],
  ['a GET', new Request('https://api.test/x'), undefined],
] as const)('%s has nothing to send', (_, input, source) => {
  expect(bodyOf(input, source)).toBeUndefined();
});

test.each(['text', '', new Uint8Array(3), new ArrayBuffer(3), new Blob(['x'])])(
  'a value is handed on as it is, each time: %o',
  (value) => {
    const body = bodyOf('/x', value);

    expect(body).toMatchObject({ isStream: false, inRequest: false });
    expect(body?.take(false)).toBe(value);
    expect(body?.take(false)).toBe(value);
  },
);

test('a function is called for each send', () => {
  let count = 0;
  const body = bodyOf('/x', () => `number ${++count}`);

  expect(body?.isStream).toBe(true);
  expect([body?.take(false), body?.take(false)]).toEqual(['number 1', 'number 2']);
});

test('the source wins over the body of a Request', () => {
  expect(bodyOf(post('its own'), 'given')?.take(false)).toBe('given');
});

test('a Request that goes out as it is has a copy kept beside it', async () => {
  const request = post(streamOf(64 * KIB));
  const body = bodyOf(request, undefined);
  expect(body?.inRequest).toBe(true);

  expect(body?.take(true)).toBeNull();
  const sent = await request.arrayBuffer();
  const again = await body?.take(false);

  expect(body?.inRequest).toBe(false);
  expect(isWhole(new Uint8Array(sent), 64 * KIB)).toBe(true);
  expect(isWhole(new Uint8Array(again as ArrayBuffer), 64 * KIB)).toBe(true);
});

test('a Request that cannot go out as it is is read whole, and kept', async () => {
  const request = post(streamOf(300 * KIB));
  const body = bodyOf(request, undefined);

  const first = await body?.take(false);
  const second = await body?.take(false);

  expect(isWhole(new Uint8Array(first as ArrayBuffer), 300 * KIB)).toBe(true);
  expect(second).toBe(first);
});

test('of a large Request no copy is kept', async () => {
  const request = post(streamOf(300 * KIB));
  const body = bodyOf(request, undefined);

  expect(body?.take(true)).toBeNull();
  expect(isWhole(new Uint8Array(await request.arrayBuffer()), 300 * KIB)).toBe(true);

  await expect(body?.take(false)).rejects.toMatchObject({ code: 'BODY_NOT_REPLAYABLE' });
});

test('the copy of a Request whose body breaks is no unhandled rejection', async () => {
  const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.error(new Error('the disk is gone')),
  });
  const request = post(broken);
  const body = bodyOf(request, undefined);

  expect(body?.take(true)).toBeNull();

  await expect(request.text()).rejects.toThrow('the disk is gone');
  await expect(body?.take(false)).rejects.toMatchObject({ code: 'BODY_NOT_REPLAYABLE' });
});

test('a form is sent as it was at the call, each time', () => {
  const parameters = new URLSearchParams('tenant=a');
  const form = new FormData();
  form.append('tenant', 'a');
  form.append('file', new File(['x'], 'x.txt'));
  const bodies = [bodyOf('/x', parameters), bodyOf('/x', form)];
  parameters.set('tenant', 'b');
  form.set('tenant', 'b');

  for (let send = 0; send < 2; send++) {
    const [first, second] = bodies.map((body) => body?.take(false));
    expect((first as URLSearchParams).toString()).toBe('tenant=a');
    expect((second as FormData).get('tenant')).toBe('a');
    expect((second as FormData).get('file')).toMatchObject({ name: 'x.txt', size: 1 });
  }
});
