/** The pipeline under the Azure SDKs, with its usual policies and a bearer token. */
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type PipelinePolicy,
} from '@azure/core-rest-pipeline';
import type { GetJson } from './contenders.ts';
import type { Issued, World } from './world.ts';

export function connectAzure({ origin, memory, initial, issue }: World): GetJson {
  const dated = ({ value, expiresIn }: Issued) => ({
    token: value,
    expiresOnTimestamp: Date.now() + expiresIn * 1000,
  });
  let first: Issued | undefined = initial.expiresIn > 0 ? initial : undefined;
  const getToken = async () => {
    const issued = first ?? (await issue());
    first = undefined;
    return dated(issued);
  };
  const pipeline = createPipelineFromOptions({});
  const bearer = bearerTokenAuthenticationPolicy({ scopes: 'orders', credential: { getToken } });
  pipeline.addPolicy(bearer, { phase: 'Sign' });
  pipeline.addPolicy(toOrigin(origin), { phase: 'Sign', afterPolicies: [bearer.name] });
  const client = memory === undefined ? createDefaultHttpClient() : clientOver(memory);
  return async (path) => {
    const request = createPipelineRequest({ url: SECURE + path, allowInsecureConnection: true });
    const response = await pipeline.sendRequest(client, request);
    return JSON.parse(response.bodyAsText ?? '') as unknown;
  };
}

/** It writes a token on https: only, loopback or not: so that is what it sees, until it has written. */
const SECURE = 'https://api.example.com';

function toOrigin(origin: string): PipelinePolicy {
  return {
    name: 'to-origin',
    sendRequest(request, next) {
      request.url = request.url.replace(SECURE, origin);
      return next(request);
    },
  };
}

/** Its own client is `node:http`; what stands in for the network here is a `fetch`. */
function clientOver(send: typeof fetch): HttpClient {
  return {
    async sendRequest(request) {
      const { method, url, headers } = request;
      const response = await send(url, { method, headers: headers.toJSON() });
      return {
        request,
        status: response.status,
        headers: createHttpHeaders(Object.fromEntries(response.headers)),
        bodyAsText: await response.text(),
      };
    },
  };
}
