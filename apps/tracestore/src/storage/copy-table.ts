import type { CopyBuffer } from './copy-buffer.js';

/** Appends the value of one column to the row that is being written. */
export type ColumnEncoder<Row> = (out: CopyBuffer, row: Row) => void;

/**
 * The columns of a table that `COPY` fills, in the order in which a row has them. Both the statement and the encoder are
 * made from this list, so the order is written down once.
 *
 * The fast path of the transcoder writes the columns of spans, events and links itself, for speed. `transcoder.spec.ts`
 * compares its bytes with those of `append`.
 */
export class CopyTable<Row> {
  /** How many columns a row has: the argument of `CopyBuffer.beginRow`. */
  readonly columnCount: number;
  /** The `COPY … FROM STDIN (FORMAT binary)` that takes the rows. */
  readonly statement: { readonly name: string; readonly text: string };
  private readonly encoders: readonly ColumnEncoder<Row>[];

  /**
   * @param name of the table in schema `tracestore`
   * @param columns the encoder of each column, by the column's name, in the order of the row
   */
  constructor(
    readonly name: string,
    columns: Readonly<Record<string, ColumnEncoder<Row>>>,
  ) {
    this.encoders = Object.values(columns);
    this.columnCount = this.encoders.length;
    this.statement = {
      name: `copy-${name}`,
      text: `COPY tracestore.${name} (${Object.keys(columns).join(', ')}) FROM STDIN (FORMAT binary)`,
    };
  }

  /** Appends a row. The caller has reserved its bytes (`CopyBuffer.reserveRow`). */
  append(out: CopyBuffer, row: Row): void {
    out.beginRow(this.columnCount);
    for (const encode of this.encoders) encode(out, row);
    out.requireReserved();
  }
}
