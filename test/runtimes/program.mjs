// @ts-check
/** The checks as a program of Node, Deno or Bun: `ORIGIN` and `OTHER` are the servers. Prints JSON, and ends by itself. */
import process from 'node:process';
import { run } from './smoke.mjs';

const { ORIGIN = '', OTHER = '' } = process.env;
console.log(JSON.stringify(await run({ origin: ORIGIN, other: OTHER })));
