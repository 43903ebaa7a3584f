/** How many requests are shown whole before the many that are just like them become one line. */
const shown = 2;

/**
 * Shortens a trace: requests that were answered 200 with nothing between are counted rather than printed.
 *
 * @returns what to call with each line, and at the end with nothing
 */
export function foldRequests(print: (line: string) => void): (line?: string) => void {
  let sent: string | undefined;
  let whole = 0;
  let folded: string[] = [];

  function flush(): void {
    const pairs = folded.length / 2;
    if (pairs > 1) print(`… ${pairs} more requests, each answered 200`);
    else for (const line of folded) print(line);
    if (sent !== undefined) print(sent);
    sent = undefined;
    folded = [];
  }

  return (line) => {
    if (line === undefined) {
      flush();
    } else if (line.includes(' → ') && sent === undefined) {
      sent = line;
    } else if (sent !== undefined && whole >= shown && line.includes(' ← 200 ')) {
      folded.push(sent, line);
      sent = undefined;
    } else {
      flush();
      print(line);
      if (line.includes(' ← 200 ')) whole += 1;
    }
  };
}
