// @ts-check
/** The checks in workerd. */
import { run } from './smoke.mjs';

export default {
  /**
   * @param {Request} _request
   * @param {{ ORIGIN: string, OTHER: string }} env
   */
  async fetch(_request, { ORIGIN, OTHER }) {
    return Response.json(await run({ origin: ORIGIN, other: OTHER }));
  },
};
