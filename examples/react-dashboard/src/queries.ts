import { queryOptions } from '@tanstack/react-query';
import { api, publicData } from './api.ts';

export interface Order {
  readonly id: number;
  readonly item: string;
  readonly quantity: number;
  readonly total: number;
  readonly state: 'new' | 'roasting' | 'shipped' | 'refunded';
  readonly placed: string;
  readonly note?: string;
}

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly role: string;
  readonly since: string;
}

interface Totals {
  readonly open: number;
  readonly shipped: number;
  readonly revenue: number;
}

interface Zone {
  readonly zone: string;
  readonly comment: string;
}

export const ordersQuery = queryOptions({
  queryKey: ['orders'],
  queryFn: ({ signal }) => api.get('orders', { signal, retry: 0 }).json<{ orders: Order[] }>(),
  select: ({ orders }) => orders,
  // A page that is looked at stays up to date. It also keeps the session alive, one background refresh at a time.
  refetchInterval: 6_000,
});

export const summaryQuery = queryOptions({
  queryKey: ['summary'],
  queryFn: ({ signal }) => api.get('summary', { signal, retry: 0 }).json<Totals>(),
});

export const profileQuery = queryOptions({
  queryKey: ['profile'],
  queryFn: ({ signal }) => api.get('profile', { signal, retry: 0 }).json<Person>(),
});

/** Public data belongs to nobody: it stays on the screen whoever is signed in. */
export const zonesQuery = (country: string) =>
  queryOptions({
    queryKey: ['zones', country],
    queryFn: ({ signal }) =>
      publicData.get('zones', { searchParams: { country }, signal, retry: 0 }).json<{ zones: Zone[] }>(),
    select: ({ zones }) => zones,
    staleTime: Number.POSITIVE_INFINITY,
    meta: { public: true },
  });
