/** A JSON number as it is written, digit for digit; JavaScript's own would round large integers and forget `.0`. */
export class JsonNumber {
  constructor(readonly source: string) {}
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

/**
 * Parses JSON and hands every value to `revive`, innermost first, with numbers as they are written.
 *
 * @throws SyntaxError when the text is no JSON, RangeError when it is nested too deeply
 */
export function parseJson(text: string, revive: (key: string, value: unknown) => unknown): unknown {
  return parseWithSource(text, (key, value, { source }) =>
    revive(key, typeof value === 'number' && source !== undefined ? new JsonNumber(source) : value),
  );
}
