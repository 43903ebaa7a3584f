import type { Page } from 'playwright';

/** Texts with less contrast than WCAG asks for at level AA: 4.5, or 3 for large ones. */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (canvas === null) throw new Error('There is no canvas.');
    /** Paints the colours over each other, as the page does. */
    const paint = (colors: readonly string[]): number[] => {
      canvas.clearRect(0, 0, 1, 1);
      for (const color of colors) {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
      }
      return Array.from(canvas.getImageData(0, 0, 1, 1).data.subarray(0, 3));
    };
    const luminance = (rgb: readonly number[]): number => {
      const [r = 0, g = 0, b = 0] = rgb
        .map((value) => value / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const groundsOf = (element: Element): string[] => {
      const own = getComputedStyle(element).backgroundColor;
      return element.parentElement ? [...groundsOf(element.parentElement), own] : ['white', own];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint: string[] = [];
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.nodeValue?.trim() ?? '';
      if (element === null || text === '' || !element.checkVisibility() || element.closest('.unseen, option'))
        continue;
      const { color, fontSize, fontWeight } = getComputedStyle(element);
      const grounds = groundsOf(element);
      const [light = 0, dark = 0] = [luminance(paint([...grounds, color])), luminance(paint(grounds))].sort(
        (a, b) => b - a,
      );
      const size = Number.parseFloat(fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
      const contrast = (light + 0.05) / (dark + 0.05);
      if (contrast < (isLarge ? 3 : 4.5)) faint.push(`${text}: ${contrast.toFixed(2)}`);
    }
    return faint;
  });
}

/** Buttons, links and fields that are smaller than WCAG asks for at level AA: 24 by 24 pixels. */
export function smallTargets(page: Page): Promise<string[]> {
  return page.locator('button, select, input, a:not(.skip)').evaluateAll((elements) =>
    elements
      .filter((element) => element.checkVisibility())
      .filter((element) => {
        const { width, height } = element.getBoundingClientRect();
        return width < 24 || height < 24;
      })
      .map(({ textContent }) => textContent ?? ''),
  );
}

/** By how many pixels the page is wider than the screen. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** What the keyboard would reach, in order, with the names that a screen reader says; and whether focus is seen. */
export async function tabStops(
  page: Page,
  most = 60,
): Promise<{ readonly name: string; readonly isSeen: boolean }[]> {
  const stops: { name: string; isSeen: boolean }[] = [];
  while (stops.length < most) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return undefined;
      const by = element.getAttribute('aria-labelledby');
      const label = by === null ? undefined : document.getElementById(by)?.textContent;
      const field = element as HTMLInputElement;
      const name = label ?? field.labels?.[0]?.firstChild?.textContent ?? element.textContent ?? '';
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { name: name.trim(), isSeen: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 };
    });
    if (stop === undefined) return stops;
    stops.push(stop);
  }
  return stops;
}
