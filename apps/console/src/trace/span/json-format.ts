import { maxFormattedLength, type Token } from './token.ts';

/** Lists and objects up to this length stay on one line. */
const maxInlineLength = 60;

const tokenPattern = /\s+|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[[\]{},:]/gy;

/**
 * Format a JSON list or object over several lines. Numbers and strings keep their text, so no digit is lost.
 *
 * @returns undefined if the text is not a JSON list or object, or too long
 */
export function formatJson(text: string): readonly Token[] | undefined {
  if (text.length > maxFormattedLength || !/^\s*[[{]/.test(text) || !isJson(text)) return undefined;
  const parts = (text.match(tokenPattern) ?? []).filter((part) => part.trim() !== '');
  const ends = endsOf(parts);
  /** The characters before each part. */
  const before = [0];
  for (const [n, part] of parts.entries()) before.push((before[n] ?? 0) + part.length);
  const tokens: Token[] = [];
  const add = (piece: string, kind: Token['kind'] = 'plain'): void => void tokens.push({ text: piece, kind });
  /** For each open list or object, whether it is on one line. */
  const inline: boolean[] = [];
  const newLine = (): void => add(`\n${'  '.repeat(inline.length)}`);
  for (const [n, part] of parts.entries()) {
    const isInline = inline.at(-1) === true;
    if (part === '[' || part === '{') {
      const end = ends.get(n) ?? n;
      inline.push(isInline || (before[end + 1] ?? Infinity) - (before[n] ?? 0) <= maxInlineLength);
      add(part);
      if (inline.at(-1) === false) newLine();
    } else if (part === ']' || part === '}') {
      inline.pop();
      if (!isInline) newLine();
      add(part);
    } else if (part === ',') {
      add(isInline ? ', ' : ',');
      if (!isInline) newLine();
    } else if (part === ':') add(': ');
    else add(part, kindOf(part, parts[n + 1] === ':'));
  }
  return tokens;
}

/** Format a JSON list or object over several lines; another text stays as it is. */
export function indentedJson(text: string): string {
  return (
    formatJson(text)
      ?.map((token) => token.text)
      .join('') ?? text
  );
}

function kindOf(part: string, isKey: boolean): Token['kind'] {
  if (part.startsWith('"')) return isKey ? 'name' : 'string';
  return /^[-\d]/.test(part) ? 'number' : 'keyword';
}

/** The end of each list and object, by the position of its start. */
function endsOf(parts: readonly string[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const [n, part] of parts.entries()) {
    if (part === '[' || part === '{') open.push(n);
    else if (part === ']' || part === '}') ends.set(open.pop() ?? 0, n);
  }
  return ends;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
