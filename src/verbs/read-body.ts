import { invalidOption } from '../options.ts';

/** The connection broke while a body was read. */
export class LostBody extends Error {
  constructor(cause: unknown) {
    super('the body was lost', { cause });
  }
}

/** A body that is not JSON. `text` is for a message; it is not kept. */
export class NotJson extends Error {
  readonly response: Response;
  readonly text: string;

  constructor(response: Response, text: string) {
    super('not JSON');
    this.response = response;
    this.text = text;
  }
}

/** A body that a schema refuses. */
export class DoesNotFit extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super('does not fit the schema');
    this.issues = issues;
  }
}

/** What a Standard Schema says of one fault. */
export interface Issue {
  readonly message?: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

interface Validation {
  readonly value?: unknown;
  readonly issues?: readonly Issue[] | undefined;
}

/** Parses JSON, and has a Standard Schema check it if one is given. An empty body is `undefined` to a schema. */
export function parseJson(text: string, response: Response, schema: unknown): unknown {
  if (schema === undefined) return parse(text, response);
  return validate(text === '' ? undefined : parse(text, response), schema);
}

function parse(text: string, response: Response): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotJson(response, text);
  }
}

/** Checks a value by a Standard Schema. */
export async function validate(value: unknown, schema: unknown): Promise<unknown> {
  const standard = (schema as { '~standard'?: { validate?: unknown } } | null)?.['~standard'];
  if (typeof standard?.validate !== 'function') {
    throw invalidOption('.json(schema) takes a schema that follows the Standard Schema specification.');
  }
  const result = (await (standard.validate as (value: unknown) => unknown)(value)) as Validation;
  if (result.issues) throw new DoesNotFit(result.issues);
  return result.value;
}
