/** What a query or a mutation says of itself. */
interface Tagged {
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}

/** Whatever is not marked as public is taken for the user's. */
export function isOfUser({ meta }: Tagged): boolean {
  return meta?.public !== true;
}
