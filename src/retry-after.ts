/** Milliseconds of a `Retry-After` header (RFC 9110 §10.2.3); `undefined` where it is absent or malformed. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) || /^[\d.+-]+$/.test(value) ? undefined : Math.max(0, date - now);
}
