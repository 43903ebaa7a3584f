import { invalidOption } from '../options.ts';

/** Where a login leads to is never another site: that would be an open redirect. */
export function sameOrigin(returnTo: string, here: string): string {
  const url = URL.parse(returnTo, here);
  const isPage = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isPage || url.origin !== new URL(here).origin)
    throw invalidOption('returnTo is a page of this origin, such as "/orders".');
  return url.href;
}
