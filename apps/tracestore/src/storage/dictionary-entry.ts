/** A row of one of the dictionaries (resource, scope, operation) that a cache has met. */
export interface DictionaryEntry<Row> {
  readonly row: Row;
  /** The two halves of the row's id, as COPY's int8 wants them. */
  readonly idHigh: number;
  readonly idLow: number;
  /** About how many bytes of memory it takes, its texts included, and how many of the statement that adds it. */
  readonly bytes: number;
  /** Whether the row is surely in the database: set by the writer after a commit, never before. */
  committed: boolean;
  /** The last batch that the entry was added to, so that it is added once. */
  batch: number;
}

/** What an entry takes besides its texts. */
const entryBytes = 256;

/** An entry for a row that the database may not have yet. @param textBytes of all texts of the row */
export function dictionaryEntry<Row extends { readonly id: bigint }>(
  row: Row,
  textBytes: number,
): DictionaryEntry<Row> {
  return {
    row,
    idHigh: Number(BigInt.asIntN(32, row.id >> 32n)),
    idLow: Number(BigInt.asIntN(32, row.id)),
    bytes: entryBytes + textBytes,
    committed: false,
    batch: -1,
  };
}
