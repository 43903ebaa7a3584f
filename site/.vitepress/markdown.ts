/** What the Markdown of this repository needs beyond VitePress's own. */
import type { MarkdownRenderer } from 'vitepress';
import { pictureOf } from '../draw.ts';

/** Puts the picture in the place of a `mermaid` block. As an attribute: a picture holds styles, which templates may not. */
export function diagrams(md: MarkdownRenderer): void {
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const { info = '', content = '' } = tokens[index] ?? {};
    if (info.trim() !== 'mermaid') return fence?.(tokens, index, options, env, self) ?? '';
    const picture = pictureOf(content);
    const [, width = '640'] = /<svg [^>]*\bwidth="([\d.]+)"/.exec(picture) ?? [];
    const html = md.utils.escapeHtml(JSON.stringify(picture));
    const attributes = `class="diagram" role="img" aria-label="Diagram" tabindex="0" style="--width: ${width}px"`;
    return `<div ${attributes} v-html="${html}"></div>\n`;
  };
}

/** Braces in a sentence are braces: no page is a Vue template. */
export function plainBraces(md: MarkdownRenderer): void {
  for (const kind of ['text', 'code_inline'] as const) {
    const render = md.renderer.rules[kind];
    md.renderer.rules[kind] = (tokens, index, options, env, self) =>
      (render?.(tokens, index, options, env, self) ?? '').replaceAll('{{', '&#123;&#123;');
  }
}
