export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

const widest = 80;

/**
 * Lays rows out in aligned columns under their titles.
 *
 * @returns the lines, without line ends
 */
export function layOut(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const cells = rows.map((row) => columns.map((_, index) => shorten(row[index] ?? '')));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const [cell, width] = [row[index] ?? '', widths[index] ?? 0];
        return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...cells.map(line),
  ];
}

function shorten(cell: string): string {
  const flat = cell.replaceAll(/\s*\n\s*/g, ' ⏎ ');
  return flat.length > widest ? `${flat.slice(0, widest - 1)}…` : flat;
}
