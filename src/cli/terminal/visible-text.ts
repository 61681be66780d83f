// C0, DEL and C1 controls; marks and overrides of direction; line and paragraph separators; what shows as nothing (zero width, soft
// hyphen, tags) and would hide that two texts differ; half surrogates, which have no bytes.
const INVISIBLE =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E007F}]|\p{Surrogate}/gu;

const SHORT: Readonly<Record<string, string>> = {
  '\t': '    ',
  '\n': '\\n',
  '\r': '\\r',
  '\u001B': '\\e',
  '\0': '\\0',
};

/** Foreign text on one line, with nothing in it that a terminal obeys: such characters are written as escapes. */
export function visibleText(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => SHORT[character] ?? escaped(character));
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
  return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
}

/** `text` on at most `width` cells; what was cut off is said by `ellipsis`. One cell a code point. */
export function cutText(text: string, width: number, ellipsis: string): string {
  if (text.length <= width) return text;
  const points = Array.from(text);
  return points.length <= width ? text : points.slice(0, Math.max(0, width - ellipsis.length)).join('') + ellipsis;
}
