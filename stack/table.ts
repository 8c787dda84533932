/** A column of a printed table. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

const maxWidth = 80;

/** Lays out rows in aligned columns. @returns the lines, with the titles first */
export function layOut(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(shorten))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  const [titles = '', ...lines] = cells.map((row) =>
    columns
      .map(({ align }, index) => row[index]?.[align === 'right' ? 'padStart' : 'padEnd'](widths[index] ?? 0) ?? '')
      .join('  ')
      .trimEnd(),
  );
  return [titles, widths.map((width) => '─'.repeat(width)).join('  '), ...lines];
}

function shorten(cell: string): string {
  const line = cell.replaceAll(/\s*\n\s*/g, ' ⏎ ');
  return line.length > maxWidth ? `${line.slice(0, maxWidth - 1)}…` : line;
}
