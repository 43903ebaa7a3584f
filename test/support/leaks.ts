export { leaksIn, type SearchOptions } from '../../src/testing/leaks.ts';
