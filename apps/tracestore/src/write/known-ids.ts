/** The ids of a dictionary's rows that are surely in the database: a bounded set that forgets what came first. */
export class KnownIds {
  private readonly ids = new Set<bigint>();

  /** @param capacity how many ids are kept, at about 40 bytes each */
  constructor(private readonly capacity: number) {}

  /** The rows that may not be in the database yet, sorted by id. */
  unknownOf<Row>(rows: ReadonlyMap<bigint, Row>): readonly Row[] {
    return [...rows]
      .filter(([id]) => !this.ids.has(id))
      .toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
      .map(([, row]) => row);
  }

  /** To be called once the rows with these ids are committed, never before. */
  add(ids: Iterable<bigint>): void {
    for (const id of ids) {
      this.ids.delete(id);
      this.ids.add(id);
    }
    for (const id of this.ids) {
      if (this.ids.size <= this.capacity) break;
      this.ids.delete(id);
    }
  }

  clear(): void {
    this.ids.clear();
  }
}
