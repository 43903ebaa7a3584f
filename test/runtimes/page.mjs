// @ts-check
/** The checks in a page, which says so when they are done. */
import { run } from './smoke.mjs';

const other = new URLSearchParams(location.search).get('other') ?? '';
const outcomes = await run({ origin: location.origin, other });
document.title = 'done';
document.body.textContent = JSON.stringify(outcomes);
