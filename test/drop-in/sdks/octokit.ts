import { Octokit } from '@octokit/core';
import type { Client } from '../../../src/index.ts';
import {
  type Connected,
  type HostSdk,
  memberOf,
  PARTS,
  partsOf,
  rejectionOf,
  textOf,
  UNFIT,
} from '../host-sdk.ts';

export const octokit: HostSdk = {
  name: '@octokit/core',
  streams: '`parseSuccessResponseBody: false`',
  failure: '`RequestError`, `error.status`',
  refusal: '`error.cause`',
  async answer(request, next) {
    if (request.method === 'GET') return partsOf('application/octet-stream', PARTS, next);
    const { body } = (await request.json()) as { body: string };
    if (body === UNFIT) return Response.json({ message: 'Validation Failed' }, { status: 422 });
    return Response.json({ body }, { status: 201 });
  },
  connect,
  statusOf: (error) => memberOf(error, 'name') === 'HttpError' && memberOf(error, 'status'),
  codeOf: (error) => memberOf(error, 'cause', 'code'),
};

function connect(client: Client, baseUrl: string): Connected {
  // #region octokit
  const octokit = new Octokit({ baseUrl, request: { fetch: client.fetch } });
  // #endregion
  const comment = async (body: string): Promise<string> => {
    const where = { owner: 'ann', repo: 'shop', issue_number: 1 };
    const { data } = await octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...where,
      body,
    });
    return data.body ?? '';
  };
  return {
    echo: comment,
    fail: () => rejectionOf(comment(UNFIT)),
    async *stream() {
      const answer = await octokit.request('GET /archive', { request: { parseSuccessResponseBody: false } });
      yield* textOf(answer.data as ReadableStream<Uint8Array>);
    },
  };
}
