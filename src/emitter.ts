import { EventEmitter } from 'eventemitter3';
import { ValetError } from './errors.ts';
import { type ClientEvents, EVENTS, type EventName, type EventSink } from './events.ts';
import type { Logger } from './logger.ts';
import { invalidOption } from './options.ts';
import { isDevelopment } from './platform.ts';

type Listener<Name extends EventName> = (payload: ClientEvents[Name]) => void;

/** A sink that listeners can be added to. */
export interface Emitter extends EventSink {
  /** Calls `listener` after each such event. Returns the function that stops it. */
  on<Name extends EventName>(event: Name, listener: Listener<Name>): () => void;
}

/** Tells listeners after the fact and never waits for them; one that throws harms nobody (rule T15). */
export function createEmitter(logger: Logger): Emitter {
  const emitter = new EventEmitter<EventName>();
  const warn = (code: string, message: string): void => {
    // A warning is for whoever develops; in production it is an event only.
    if (!isDevelopment()) return;
    try {
      logger.warn(`fetch-valet ${code}: ${message}`);
    } catch {
      // A logger that throws, as in a test that forbids warnings, is a listener like any other (rule T15).
    }
  };
  const call = (event: EventName, listener: (payload: unknown) => unknown, payload: unknown): void => {
    const failed = (error: unknown): void => {
      warn(
        'LISTENER_FAILED',
        `A listener of "${event}" threw ${error instanceof Error ? error.name : typeof error}.`,
      );
    };
    try {
      const returned = listener(payload);
      if (returned instanceof Promise) returned.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
  return {
    hears: (event) => emitter.listenerCount(event) > 0,
    emit(event, payload) {
      if (event === 'warning') {
        const { code, message } = payload as ClientEvents['warning'];
        warn(code, message);
      }
      for (const listener of emitter.listeners(event)) call(event, listener, payload);
    },
    on(event, listener) {
      if (!Object.hasOwn(EVENTS, event))
        throw invalidOption(
          `There is no event ${JSON.stringify(event)}. There are: ${Object.keys(EVENTS).join(', ')}.`,
        );
      // A function of its own: the same listener may be given twice, and stopped once.
      const entry = (payload: ClientEvents[typeof event]): unknown => listener(payload);
      emitter.on(event, entry);
      return () => void emitter.off(event, entry);
    },
  };
}

/** Host SDKs hide causes: our own refusals are told once besides (rule P5). */
export function warnOnce(emitter: Emitter): (error: unknown) => void {
  const told = new Set<string>();
  return (error) => {
    if (ValetError.is(error) && !told.has(error.code) && !error.retryable) {
      told.add(error.code);
      emitter.emit('warning', { code: error.code, message: error.message });
    }
  };
}
