/** A row of one of the dictionaries (resource, scope, operation) that a cache has met. */
export interface DictionaryEntry<Row> {
  readonly row: Row;
  /** The two halves of the row's id, as COPY's int8 wants them. */
  readonly idHigh: number;
  readonly idLow: number;
  /** Whether the row is surely in the database: set by the writer after a commit, never before. */
  committed: boolean;
  /** The last batch that the entry was added to, so that it is added once. */
  batch: number;
}

/** An entry for a row that the database may not have yet. */
export function dictionaryEntry<Row extends { readonly id: bigint }>(row: Row): DictionaryEntry<Row> {
  return {
    row,
    idHigh: Number(BigInt.asIntN(32, row.id >> 32n)),
    idLow: Number(BigInt.asIntN(32, row.id)),
    committed: false,
    batch: -1,
  };
}
