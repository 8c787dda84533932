/** A cached row of a dictionary (resource, scope or operation). */
export interface DictionaryEntry<Row> {
  readonly row: Row;
  /** The two 32-bit halves of the row's id, for `CopyBuffer.int64`. */
  readonly idHigh: number;
  readonly idLow: number;
  /** Approximate memory of the entry, and of the statement that adds it, in bytes. */
  readonly bytes: number;
  /** Whether the row is in the database. The writer sets it after a commit. */
  committed: boolean;
  /** The serial of the last batch that has the entry, so that each batch adds it once. */
  batch: number;
}

/** Size of an entry without its texts. */
const entryBytes = 256;

/** Creates an entry for a row that the database may lack. @param textBytes the size of the row's texts */
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
