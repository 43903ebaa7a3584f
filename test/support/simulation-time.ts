/** What happens when, in order. Nothing waits for real time. */
export class Timeline {
  now = 0;
  /** Whether code of a process has run since the last settle. */
  isTouched = false;
  #count = 0;
  readonly #heap: Entry[] = [];

  at(time: number, run: () => void): void {
    const entry = { time: Math.max(time, this.now), order: this.#count++, run };
    let child = this.#heap.push(entry) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#swapIfEarlier(child, parent)) break;
      child = parent;
    }
  }

  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  /** Lets everything happen up to `end`, each thing with all that follows from it, until `isOver`. */
  async run(end: number, isOver: () => boolean): Promise<void> {
    await settled();
    for (let entry = this.#heap[0]; entry && entry.time <= end && !isOver(); entry = this.#heap[0]) {
      this.#shift();
      this.now = entry.time;
      entry.run();
      if (this.isTouched) {
        this.isTouched = false;
        await settled();
      }
    }
    if (!isOver()) this.now = end;
  }

  #shift(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      const child = this.#isEarlier(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfEarlier(child, parent)) return;
      parent = child;
    }
  }

  #swapIfEarlier(one: number, other: number): boolean {
    if (!this.#isEarlier(one, other)) return false;
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a && b) [this.#heap[one], this.#heap[other]] = [b, a];
    return true;
  }

  #isEarlier(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return false;
    return a.time < b.time || (a.time === b.time && a.order < b.order);
  }
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly run: () => void;
}

/** A macrotask runs after all microtasks, also those that they queue. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
