import type { SqlResponse } from '../api/types.ts';
import { jsonOf, textOf } from './result-value.ts';

/** Write rows as CSV (RFC 4180) with a header. NULL is an empty field; an empty string is quoted. */
export function csvOf({ columns, rows }: SqlResponse): string {
  const lines = [columns.map(({ name }) => name), ...rows];
  return lines.map((line) => `${line.map(fieldOf).join(',')}\r\n`).join('');
}

/** Write rows as a JSON array of objects. A repeated column name gets its column number as a suffix. */
export function jsonRowsOf({ columns, rows }: SqlResponse): string {
  const taken = new Set<string>();
  const names = columns.map(({ name }, n) => {
    const own = taken.has(name) ? `${name}_${n + 1}` : name;
    taken.add(own);
    return own;
  });
  const lines = rows.map((row) => jsonOf(Object.fromEntries(row.map((value, n) => [names[n] ?? '', value]))));
  return `[\n${lines.join(',\n')}\n]\n`;
}

/** Write rows separated by tabs, for pasting into a spreadsheet. */
export function tabbedOf({ columns, rows }: SqlResponse): string {
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => row.map(textOf))];
  return lines.map((line) => line.map((field) => field.replaceAll(/[\t\r\n]+/g, ' ')).join('\t')).join('\n');
}

function fieldOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = textOf(value);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Download a text as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
