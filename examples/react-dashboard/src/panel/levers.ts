/** The levers of the example's own server: what an operator or an accident would do. */
export interface Levers {
  readonly isDown: boolean;
}

export const readLevers = (): Promise<Levers> => ask('state');

/** The API refuses the access tokens that `user` has. */
export const expire = (user: string): Promise<Levers> => ask('expire', { user });

/** The authorization server ends all logins of `user`. */
export const revoke = (user: string): Promise<Levers> => ask('revoke', { user });

/** The token endpoint answers 503, or works again. */
export const setDown = (isDown: boolean): Promise<Levers> => ask('token-endpoint', { isDown });

async function ask(lever: string, body?: unknown): Promise<Levers> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`/demo/${lever}`, init);
  return (await response.json()) as Levers;
}
