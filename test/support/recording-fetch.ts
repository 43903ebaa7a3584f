import type { FetchLike } from '../../src/contracts.ts';

/** A `fetch` without a network: keeps the requests as a platform would build them, and answers at once. */
export interface RecordingFetch {
  readonly fetch: FetchLike;
  readonly sent: readonly Request[];
}

/** `answer` may throw, as a platform does that has no network. Without it everything is answered `{}`. */
export function createRecordingFetch(
  answer: (request: Request, count: number) => Response | Promise<Response> = () => Response.json({}),
): RecordingFetch {
  const sent: Request[] = [];
  return {
    sent,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      sent.push(request);
      return answer(request, sent.length);
    },
  };
}
