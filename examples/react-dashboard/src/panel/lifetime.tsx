import type { SessionLog, TokenLife } from './session-log.ts';
import { useLog } from './use-log.ts';
import { useNow } from './use-now.ts';

const TICK = 250;

interface Moment {
  readonly phase: 'none' | 'fresh' | 'window' | 'over' | 'refused' | 'renewing';
  /** Seconds. */
  readonly left: number;
  readonly lifetime: number;
  readonly windowFrom: number;
  /** How much of the life is over, from 0 to 1. */
  readonly now: number;
}

function momentOf(life: TokenLife | undefined, isRefreshing: boolean, at: number): Moment {
  const { lifetime = 0, window = 0, received = 0, isRefused = false } = life ?? {};
  const age = Math.max(0, at - received);
  const left = Math.max(0, lifetime - age);
  const known = { left: left / 1000, lifetime: lifetime / 1000, windowFrom: (lifetime - window) / 1000 };
  const now = lifetime > 0 ? Math.min(1, age / lifetime) : 0;
  if (isRefreshing) return { ...known, now, phase: 'renewing' };
  if (life === undefined || lifetime === 0) return { ...known, now: 0, phase: 'none' };
  if (isRefused) return { ...known, now, phase: 'refused' };
  if (left === 0) return { ...known, now, phase: 'over' };
  return { ...known, now, phase: left > window ? 'fresh' : 'window' };
}

const SENTENCES = {
  none: 'No token at hand.',
  fresh: 'Sent with every request as it is.',
  window: 'Still sent. The next request renews it in the background.',
  over: 'It has ended. The next request gets a new one first.',
  refused: 'The API refuses it.',
  renewing: 'A new one is being fetched, once for all who wait.',
} as const;

const percent = (part: number): string => `${(part * 100).toFixed(2)}%`;

/** A thin line below the header: how much of the token's life is left. */
export function Lifeline({ log }: { readonly log: SessionLog }) {
  const { life, isRefreshing } = useLog(log);
  const { now, phase } = momentOf(life, isRefreshing, useNow(TICK));
  const left = phase === 'none' ? 0 : 1 - now;
  return <div className={`lifeline ${phase}`} aria-hidden="true" style={{ inlineSize: percent(left) }} />;
}

/** The life of the token in use, with the window in which it is renewed and a marker for now. */
export function Lifetime({ log }: { readonly log: SessionLog }) {
  const { life, isRefreshing } = useLog(log);
  const moment = momentOf(life, isRefreshing, useNow(TICK));
  const { phase, left, lifetime, windowFrom, now } = moment;
  const start = lifetime > 0 ? windowFrom / lifetime : 1;
  return (
    <section className="part" aria-labelledby="lifetime">
      <div className="card-head">
        <h3 id="lifetime">Access token</h3>
        <p className={`left ${phase}`}>{phase === 'none' ? '–' : `${Math.ceil(left)} s left`}</p>
      </div>
      <meter
        className="unseen"
        aria-labelledby="lifetime"
        max={Math.max(1, Math.ceil(lifetime))}
        value={Math.ceil(left)}
      >
        {Math.ceil(left)} of {Math.ceil(lifetime)} seconds left
      </meter>
      <div className={`life ${phase}`} aria-hidden="true">
        <span className="life-spent" style={{ inlineSize: percent(now) }} />
        <span className="life-window" style={{ insetInlineStart: percent(start) }} />
        <span className="life-now" style={{ insetInlineStart: percent(now) }} />
      </div>
      {phase !== 'none' && (
        <div className="scale" aria-hidden="true">
          <span>0 s</span>
          <span className="scale-window" style={{ insetInlineEnd: percent(1 - start) }}>
            renewed from {Math.round(windowFrom)} s
          </span>
          <span>{Math.ceil(lifetime)} s</span>
        </div>
      )}
      <p className="note">
        {SENTENCES[phase]}
        {phase === 'fresh' && life?.isAdopted && ' It came from another tab or an earlier visit.'}
      </p>
    </section>
  );
}
