export type OrderState = 'new' | 'roasting' | 'shipped' | 'refunded';

export interface Order {
  readonly id: number;
  readonly item: string;
  readonly quantity: number;
  /** In euro. */
  readonly total: number;
  readonly state: OrderState;
  /** An ISO date. */
  readonly placed: string;
  readonly note?: string;
}

export interface Summary {
  readonly open: number;
  readonly shipped: number;
  /** In euro, without what was refunded. */
  readonly revenue: number;
}

/** What a bag costs, in euro. */
const PRICES: Readonly<Record<string, number>> = {
  'House espresso, 1 kg': 24,
  'Yirgacheffe, 250 g': 11.5,
  'Huila decaf, 250 g': 10.5,
  'Filter papers, 100': 6,
};

const DAY = 86_400_000;
type Line = readonly [id: number, item: string, quantity: number, state: OrderState, daysAgo: number];

const FIRST: Readonly<Record<string, readonly Line[]>> = {
  ada: [
    [1042, 'House espresso, 1 kg', 6, 'new', 0],
    [1041, 'Yirgacheffe, 250 g', 12, 'roasting', 1],
    [1038, 'Filter papers, 100', 20, 'shipped', 2],
    [1035, 'Huila decaf, 250 g', 4, 'shipped', 4],
    [1029, 'House espresso, 1 kg', 10, 'refunded', 7],
  ],
  bob: [
    [2017, 'Huila decaf, 250 g', 2, 'new', 0],
    [2016, 'House espresso, 1 kg', 1, 'shipped', 3],
    [2011, 'Yirgacheffe, 250 g', 3, 'shipped', 9],
  ],
};

/** Everybody's orders, in memory. */
export class OrderBook {
  readonly #orders = new Map(Object.entries(FIRST).map(([user, lines]) => [user, lines.map(orderOf)]));

  of(user: string): readonly Order[] {
    return this.#orders.get(user) ?? [];
  }

  summary(user: string): Summary {
    const orders = this.of(user);
    const kept = orders.filter(({ state }) => state !== 'refunded');
    return {
      open: kept.filter(({ state }) => state !== 'shipped').length,
      shipped: kept.filter(({ state }) => state === 'shipped').length,
      revenue: kept.reduce((sum, { total }) => sum + total, 0),
    };
  }

  place(user: string, item: string, quantity: number, note: string): Order {
    const id = Math.max(0, ...this.of(user).map((order) => order.id)) + 1;
    const order = { ...orderOf([id, item, quantity, 'new', 0]), ...(note !== '' && { note }) };
    this.#orders.set(user, [order, ...this.of(user)]);
    return order;
  }

  refund(user: string, id: number): Order | undefined {
    const orders = this.of(user).map((order) =>
      order.id === id ? { ...order, state: 'refunded' as const } : order,
    );
    this.#orders.set(user, orders);
    return orders.find((order) => order.id === id);
  }
}

function orderOf([id, item, quantity, state, daysAgo]: Line): Order {
  const total = (PRICES[item] ?? 10) * quantity;
  return { id, item, quantity, total, state, placed: new Date(Date.now() - daysAgo * DAY).toISOString() };
}
