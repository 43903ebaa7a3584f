/** CommonJS: Node 22 and newer `require()` an ES module. */
import { Client } from 'fetch-valet';
import { createFetch } from 'fetch-valet/fetch';

export const api = new Client(process.env.API_KEY);
export const apiFetch = createFetch(process.env.API_KEY);
