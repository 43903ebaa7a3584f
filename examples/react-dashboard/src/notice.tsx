import { explain } from './explain.ts';
import { time } from './format.ts';

interface NoticeProps {
  readonly error: Error | null;
  /** When what is still shown was fetched, in milliseconds since the epoch. */
  readonly shown?: number;
}

/** That something could not be fetched, and what is shown instead. */
export function Notice({ error, shown = 0 }: NoticeProps) {
  if (error === null) return null;
  const since = shown > 0 && ` Shown is what was there at ${time(shown)}.`;
  return (
    <p className="notice bad" role="alert">
      {explain(error)}
      {since}
    </p>
  );
}
