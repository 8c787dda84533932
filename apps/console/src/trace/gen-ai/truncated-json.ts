/** Deeper JSON is not repaired. */
const maxDepth = 200;

/**
 * Parse JSON whose end may be missing, because a sender or the API has cut a long text. What is complete is kept, also the
 * beginning of the last string.
 *
 * @returns undefined if it is not JSON
 */
export function parseTruncatedJson(
  text: string,
): { readonly value: unknown; readonly isTruncated: boolean } | undefined {
  const whole = parse(text);
  if (whole !== undefined) return { value: whole.value, isTruncated: false };
  for (const closed of closings(text)) {
    const repaired = parse(closed);
    if (repaired !== undefined) return { value: repaired.value, isTruncated: true };
  }
  return undefined;
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** The text with its open strings, lists and objects closed, in the ways that may be valid. */
function closings(text: string): readonly string[] {
  const closers: string[] = [];
  let isString = false;
  let isEscaped = false;
  /** Where the last complete value ends, and what is open there. */
  let completeTo = -1;
  let completeDepth = 0;
  for (let n = 0; n < text.length; n++) {
    const character = text[n] ?? '';
    if (isString) {
      if (isEscaped) isEscaped = false;
      else if (character === '\\') isEscaped = true;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === '[' || character === '{') {
      closers.push(character === '[' ? ']' : '}');
      if (closers.length > maxDepth) return [];
      [completeTo, completeDepth] = [n + 1, closers.length];
    } else if (character === ']' || character === '}') {
      if (closers.pop() !== character) return [];
      [completeTo, completeDepth] = [n + 1, closers.length];
    } else if (character === ',') [completeTo, completeDepth] = [n, closers.length];
  }
  if (closers.length === 0) return [];
  const end = closers.toReversed().join('');
  // Everything that was open there is still open: a closed list or object would be complete later.
  const complete = text.slice(0, completeTo) + closers.slice(0, completeDepth).toReversed().join('');
  const found = isString ? [`${text.replace(/\\(?:u[\da-f]{0,3})?$/i, '')}"${end}`] : [text + end];
  return completeTo === -1 ? found : [...found, complete];
}
