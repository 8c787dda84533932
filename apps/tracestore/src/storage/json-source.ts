/** A JSON number as text. A JavaScript number would round large integers and drop `.0`. */
export class JsonNumber {
  constructor(readonly source: string) {}
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

/**
 * Parses JSON like `JSON.parse` with a reviver, but passes numbers to `revive` as `JsonNumber`.
 *
 * @throws SyntaxError when the text is not JSON
 * @throws RangeError when it is nested too deeply
 */
export function parseJson(text: string, revive: (key: string, value: unknown) => unknown): unknown {
  return parseWithSource(text, (key, value, { source }) =>
    revive(key, typeof value === 'number' && source !== undefined ? new JsonNumber(source) : value),
  );
}
