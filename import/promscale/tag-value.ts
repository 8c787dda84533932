import { type OtlpValue, parseJson } from '@spandrel/trace-files';

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n } as const;

/**
 * The value of a tag, which Promscale has as JSON. JSON has one kind of number: a whole one is an integer, as Promscale's own
 * reader has it. Bytes are the text that Promscale made of them, in base64.
 */
export function valueOfJson(text: string): OtlpValue {
  return valueOf(parseJson(text));
}

function valueOf(value: unknown): OtlpValue {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'bigint':
      return value >= int64.min && value <= int64.max ? { intValue: String(value) } : { doubleValue: Number(value) };
    case 'number':
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
      if (Array.isArray(value)) return { arrayValue: { values: value.map(valueOf) } };
      if (value === null || value === undefined) return {};
      return {
        kvlistValue: { values: Object.entries(value).map(([key, member]) => ({ key, value: valueOf(member) })) },
      };
  }
}
