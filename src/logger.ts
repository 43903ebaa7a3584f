/** Where debug lines and warnings go. `console` is one; so are pino and its like. */
export interface Logger {
  debug(line: string): void;
  warn(line: string): void;
}

/** The console of the platform, looked up at each call. */
export const consoleLogger: Logger = {
  debug: (line) => globalThis.console.debug(line),
  warn: (line) => globalThis.console.warn(line),
};
