import type { TraceModel } from './trace-model.ts';

/** Where each span stands in a flame graph. */
export interface FlameLayout {
  /** By span, from 0 at the top. */
  readonly row: Int32Array;
  /** The spans of each row, by their start; none overlaps the next. */
  readonly rows: readonly (readonly number[])[];
}

/**
 * Puts each span below its parent, at the first row where it overlaps nothing: what ran at the same time stands below each
 * other. Takes time that grows with the spans and the logarithm of the rows.
 */
export function flameLayoutOf({ answer, count, order, parent, depth }: TraceModel): FlameLayout {
  const { startNs, durationNs } = answer.spans;
  // A clock that is behind may have put a child before its parent, which still has to be placed first.
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
    const place = ends.first(up === -1 ? 0 : (row[up] ?? 0) + 1, start);
    ends.occupy(place, start + (durationNs[span] ?? 0));
    row[span] = place;
    (rows[place] ??= []).push(span);
  }
  return { row, rows };
}

/** Until when rows are taken: a tree of minima, which finds the first one that is free. */
class FreeRows {
  readonly #size: number;
  readonly #least: Float64Array;

  /** @param count of spans; none needs a row behind as many */
  constructor(count: number) {
    this.#size = 2 ** Math.ceil(Math.log2(Math.max(count, 1)));
    this.#least = new Float64Array(2 * this.#size).fill(-Infinity);
  }

  occupy(row: number, until: number): void {
    let node = row + this.#size;
    this.#least[node] = until;
    for (node >>= 1; node > 0; node >>= 1) {
      this.#least[node] = Math.min(this.#least[2 * node] ?? 0, this.#least[2 * node + 1] ?? 0);
    }
  }

  /** The first row, from this one on, that is free at a time. */
  first(from: number, time: number): number {
    let node = from + this.#size;
    // To the right and up, until something free is below; then down to the first of it.
    while ((this.#least[node] ?? 0) > time) {
      while (node % 2 === 1) node >>= 1;
      node += 1;
    }
    while (node < this.#size) node = (this.#least[2 * node] ?? 0) <= time ? 2 * node : 2 * node + 1;
    return node - this.#size;
  }
}
