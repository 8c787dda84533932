import type { TraceModel } from './trace-model.ts';

/** The position of each span in a flame graph. */
export interface FlameLayout {
  /** The row of each span, from 0 at the top. */
  readonly row: Int32Array;
  /** The spans of each row, sorted by start, without overlaps. */
  readonly rows: readonly (readonly number[])[];
}

/**
 * Assign each span to the first row below its parent in which it overlaps no other span. The time is O(n log n) in the number
 * of spans.
 */
export function flameLayoutOf({ waterfall, count, order, parent, depth }: TraceModel): FlameLayout {
  const { startNs, durationNs } = waterfall.spans;
  // With clock skew a child can start before its parent, but the parent must be placed first.
  const placedAt = new Float64Array(count);
  for (const span of order) {
    const up = parent[span] ?? -1;
    placedAt[span] = up === -1 ? (startNs[span] ?? 0) : Math.max(startNs[span] ?? 0, placedAt[up] ?? 0);
  }
  const byTime = Int32Array.from(order).toSorted(
    (left, right) =>
      (placedAt[left] ?? 0) - (placedAt[right] ?? 0) ||
      (depth[left] ?? 0) - (depth[right] ?? 0) ||
      (startNs[left] ?? 0) - (startNs[right] ?? 0),
  );
  const row = new Int32Array(count);
  const rows: number[][] = [];
  const ends = new FreeRows(count);
  for (const span of byTime) {
    const up = parent[span] ?? -1;
    const start = startNs[span] ?? 0;
    const free = ends.first(up === -1 ? 0 : (row[up] ?? 0) + 1, start);
    ends.occupy(free, start + (durationNs[span] ?? 0));
    row[span] = free;
    (rows[free] ??= []).push(span);
  }
  return { row, rows };
}

/** The end times of rows in a segment tree of minima, which finds the first free row. */
class FreeRows {
  readonly #size: number;
  readonly #minima: Float64Array;

  /** @param count the number of spans, which is also the maximum number of rows */
  constructor(count: number) {
    this.#size = 2 ** Math.ceil(Math.log2(Math.max(count, 1)));
    this.#minima = new Float64Array(2 * this.#size).fill(-Infinity);
  }

  occupy(row: number, until: number): void {
    let node = row + this.#size;
    this.#minima[node] = until;
    for (node >>= 1; node > 0; node >>= 1) {
      this.#minima[node] = Math.min(this.#minima[2 * node] ?? 0, this.#minima[2 * node + 1] ?? 0);
    }
  }

  /** The first free row at a time, at or after a given row. */
  first(from: number, time: number): number {
    let node = from + this.#size;
    // Move right and up until a subtree has a free row, then down to its first one.
    while ((this.#minima[node] ?? 0) > time) {
      while (node % 2 === 1) node >>= 1;
      node += 1;
    }
    while (node < this.#size) node = (this.#minima[2 * node] ?? 0) <= time ? 2 * node : 2 * node + 1;
    return node - this.#size;
  }
}
