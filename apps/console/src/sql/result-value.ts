/** The kind of a value, which decides its style. */
export type ValueKind = 'null' | 'number' | 'boolean' | 'json' | 'text';

const numberTypes = /^(?:smallint|integer|bigint|numeric|real|double precision|oid|money)\b/;
const timeTypes = /^(?:timestamp|date\b)/;

/** Whether a type is numeric. @param type as format_type returns it */
export function isNumberType(type: string): boolean {
  return numberTypes.test(type) && !type.endsWith('[]');
}

/** Whether a type is a timestamp or a date. */
export function isTimeType(type: string): boolean {
  return timeTypes.test(type) && !type.endsWith('[]');
}

export function kindOf(value: unknown): ValueKind {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'object' ? 'json' : 'text';
}

/** Write a value on one line. @returns the empty string for NULL */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? jsonOf(value) : String(value);
}

/** Write a value for reading: JSON is indented. */
export function prettyTextOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? jsonOf(value, 2) : textOf(value);
}

/** Available in browsers that also parse large integers exactly. */
const { rawJSON } = JSON as { readonly rawJSON?: (text: string) => unknown };

/** Write JSON with exact integers. */
export function jsonOf(value: unknown, indent?: number): string {
  const write = (_: string, each: unknown): unknown =>
    typeof each === 'bigint' ? (rawJSON?.(String(each)) ?? String(each)) : each;
  return JSON.stringify(value, write, indent);
}

/**
 * The trace ID in a value, as 32 hex digits; undefined if there is none.
 *
 * @param column the name or the type of the column must contain "trace_id"
 */
export function traceIdOf(
  column: { readonly name: string; readonly type: string },
  value: unknown,
): string | undefined {
  if (typeof value !== 'string' || !/trace_?id/i.test(`${column.name} ${column.type}`)) return undefined;
  const hex = value.replaceAll('-', '').toLowerCase();
  return /^[\da-f]{32}$/.test(hex) ? hex : undefined;
}
