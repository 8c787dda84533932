/** What a value of an answer is, for whoever looks at it. */
export type ValueKind = 'null' | 'number' | 'boolean' | 'json' | 'text';

const numberTypes = /^(?:smallint|integer|bigint|numeric|real|double precision|oid|money)\b/;
const timeTypes = /^(?:timestamp|date\b)/;

/** Whether PostgreSQL counts in this type. @param type as format_type says it */
export function isNumberType(type: string): boolean {
  return numberTypes.test(type) && !type.endsWith('[]');
}

/** Whether a column of this type has moments. */
export function isTimeType(type: string): boolean {
  return timeTypes.test(type) && !type.endsWith('[]');
}

export function kindOf(value: unknown): ValueKind {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'object' ? 'json' : 'text';
}

/** A value in one line. @returns the empty text for NULL */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? jsonOf(value) : String(value);
}

/** A value as one reads it: JSON in lines of its own. */
export function prettyTextOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? jsonOf(value, 2) : textOf(value);
}

/** Browsers that read all digits of an integer can write them, too. */
const { rawJSON } = JSON as { readonly rawJSON?: (text: string) => unknown };

/** JSON with all digits of integers. */
export function jsonOf(value: unknown, indent?: number): string {
  const write = (_: string, each: unknown): unknown =>
    typeof each === 'bigint' ? (rawJSON?.(String(each)) ?? String(each)) : each;
  return JSON.stringify(value, write, indent);
}

/**
 * The trace that a value is the id of, as 32 hex digits; undefined when it is none.
 *
 * @param column its name and type: only what is called or typed a trace id is taken for one
 */
export function traceIdOf(
  column: { readonly name: string; readonly type: string },
  value: unknown,
): string | undefined {
  if (typeof value !== 'string' || !/trace_?id/i.test(`${column.name} ${column.type}`)) return undefined;
  const hex = value.replaceAll('-', '').toLowerCase();
  return /^[\da-f]{32}$/.test(hex) ? hex : undefined;
}
