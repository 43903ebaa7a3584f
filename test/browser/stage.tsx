import { Component, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { onTestFinished } from 'vitest';
import { ValetError } from '../../src/index.ts';

/** A React root in the page. */
export interface Stage {
  readonly container: HTMLElement;
  /** What a user reads. */
  readonly text: string;
  /** Resolves as soon as a user reads `text`, and nothing else. */
  shows(text: string): Promise<void>;
  render(element: ReactNode): void;
  find<T extends Element = HTMLElement>(selector: string): T;
  unmount(): void;
}

/** Renders `element` as a page does: no `act()`, so that React and the browser decide when. */
export function stage(element: ReactNode): Stage {
  const container = document.createElement('main');
  document.body.append(container);
  const root = createRoot(container);
  onTestFinished(() => {
    root.unmount();
    container.remove();
  });
  root.render(element);
  const text = (): string => container.innerText.trim().replace(/\s*\n\s*/g, ' | ');
  return {
    container,
    get text() {
      return text();
    },
    shows: (expected) => becomes(container, () => text() === expected),
    render: (next) => root.render(next),
    find<T extends Element = HTMLElement>(selector: string): T {
      const found = container.querySelector<T>(selector);
      if (found === null) throw new Error(`There is no ${selector}`);
      return found;
    },
    unmount: () => root.unmount(),
  };
}

/** Resolves as soon as `isSo`, looked at after each change of `container`. */
export function becomes(container: HTMLElement, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!isSo()) return;
      observer.disconnect();
      resolve();
    };
    const observer = new MutationObserver(look);
    observer.observe(container, { subtree: true, childList: true, characterData: true, attributes: true });
    look();
  });
}

/** Resolves when what is under way has been painted. */
export function painted(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

/** Shows the code of what its children throw. */
export class Boundary extends Component<{ readonly children: ReactNode }, { readonly error?: unknown }> {
  override state: { readonly error?: unknown } = {};

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return <p role="alert">{ValetError.is(error) ? error.code : 'another error'}</p>;
  }
}
