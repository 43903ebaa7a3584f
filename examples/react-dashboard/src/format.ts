const money = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

export const euro = (amount: number): string => money.format(amount);
export const date = (iso: string): string => day.format(new Date(iso));

/** Hours, minutes and seconds of a moment. */
export const time = (at: number): string => new Date(at).toLocaleTimeString('en-GB');

/** The time of day in a time zone. */
export const timeIn = (timeZone: string, at: number): string =>
  new Date(at).toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
