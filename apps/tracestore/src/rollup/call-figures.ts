import { durationClass } from '../otlp/call-counts.js';
import type { CopyBuffer } from '../otlp/copy-buffer.js';

/** The tables of figures, by the width of their buckets in seconds, each of which holds a whole number of those before. */
export const callLevels = [
  { name: '10s', widthSeconds: 10 },
  { name: '5m', widthSeconds: 300 },
  { name: '1h', widthSeconds: 3_600 },
] as const;
export type CallLevel = (typeof callLevels)[number];

/** A row to be added: what spans of an operation did whose parent is of another, or of what `noOperation` says. */
interface Figure {
  readonly bucketSeconds: number;
  readonly operation: number;
  readonly parentOperation: number;
  calls: number;
  errors: number;
  durationNs: number;
  selfNs: number;
  readonly durations: Map<number, number>;
  readonly selves: Map<number, number>;
}

const postgresEpochSeconds = 946_684_800;
const columnCount = 11;
const oid = { int2: 21, int4: 23 } as const;

/** More operations than there can be in a pass. */
const operationBound = 2 ** 26;

/** Sums up calls by bucket, operation and parent's operation. */
export class CallFigures {
  private readonly indexes = new Map<bigint, number>([
    [0n, 0],
    [-1n, 1],
  ]);
  private readonly ids: bigint[] = [0n, -1n];
  private readonly byPair = new Map<number, Map<number, Figure>>();

  /** A number for an operation's id, the same for the same id. */
  operationIndex(id: bigint): number {
    let index = this.indexes.get(id);
    if (index === undefined) {
      index = this.ids.length;
      this.indexes.set(id, index);
      this.ids.push(id);
    }
    return index;
  }

  /**
   * @param sign 1 to add a call, -1 to take one away that was added before, maybe by another pass
   * @param startSeconds of the span, since 1970
   */
  add(
    sign: 1 | -1,
    startSeconds: number,
    operation: number,
    parentOperation: number,
    isError: boolean,
    durationNs: number,
    selfNs: number,
  ): void {
    const [{ widthSeconds }] = callLevels;
    const figure = figureAt(this.byPair, startSeconds - (startSeconds % widthSeconds), operation, parentOperation);
    figure.calls += sign;
    if (isError) figure.errors += sign;
    figure.durationNs += sign * durationNs;
    figure.selfNs += sign * selfNs;
    addTo(figure.durations, durationClass(durationNs), sign);
    addTo(figure.selves, durationClass(selfNs), sign);
  }

  /**
   * Appends the rows of `tracestore.call_<level>`.
   *
   * @param untilSeconds only buckets that start before, since 1970
   * @returns the buckets that have any, in seconds since 1970
   */
  appendRows(out: CopyBuffer, { widthSeconds }: CallLevel, untilSeconds: number): ReadonlySet<number> {
    const bucketsSeconds = new Set<number>();
    const wide = new Map<number, Map<number, Figure>>();
    for (const buckets of this.byPair.values()) {
      for (const figure of buckets.values()) {
        const bucketSeconds = figure.bucketSeconds - (figure.bucketSeconds % widthSeconds);
        if (bucketSeconds >= untilSeconds) continue;
        const sum = figureAt(wide, bucketSeconds, figure.operation, figure.parentOperation);
        sum.calls += figure.calls;
        sum.errors += figure.errors;
        sum.durationNs += figure.durationNs;
        sum.selfNs += figure.selfNs;
        for (const [key, value] of figure.durations) addTo(sum.durations, key, value);
        for (const [key, value] of figure.selves) addTo(sum.selves, key, value);
      }
    }
    for (const buckets of wide.values()) {
      for (const figure of buckets.values()) {
        if (this.appendRow(out, figure)) bucketsSeconds.add(figure.bucketSeconds);
      }
    }
    return bucketsSeconds;
  }

  private appendRow(out: CopyBuffer, figure: Figure): boolean {
    const durations = [...figure.durations].filter(([, calls]) => calls !== 0);
    const selves = [...figure.selves].filter(([, calls]) => calls !== 0);
    const { calls, errors, durationNs, selfNs } = figure;
    const isNothing = calls === 0 && errors === 0 && durationNs === 0 && selfNs === 0;
    if (isNothing && durations.length === 0 && selves.length === 0) return false;
    out.reserve(2 + columnCount * 32 + (durations.length + selves.length) * 16);
    out.beginRow(columnCount);
    out.wide((figure.bucketSeconds - postgresEpochSeconds) * 1e6);
    appendId(out, this.ids[figure.operation] as bigint);
    appendId(out, this.ids[figure.parentOperation] as bigint);
    out.wide(calls);
    out.wide(errors);
    out.float64(durationNs);
    out.float64(selfNs);
    for (const entries of [durations, selves]) {
      const classes = out.beginArray(oid.int2, entries.length);
      for (const [key] of entries) out.int16(key);
      out.endColumn(classes);
      const counts = out.beginArray(oid.int4, entries.length);
      for (const [, value] of entries) out.int32(value);
      out.endColumn(counts);
    }
    out.requireReserved();
    return true;
  }
}

function figureAt(
  byPair: Map<number, Map<number, Figure>>,
  bucketSeconds: number,
  operation: number,
  parentOperation: number,
): Figure {
  const pair = parentOperation * operationBound + operation;
  let buckets = byPair.get(pair);
  if (buckets === undefined) {
    buckets = new Map();
    byPair.set(pair, buckets);
  }
  let figure = buckets.get(bucketSeconds);
  if (figure === undefined) {
    figure = {
      bucketSeconds,
      operation,
      parentOperation,
      calls: 0,
      errors: 0,
      durationNs: 0,
      selfNs: 0,
      durations: new Map(),
      selves: new Map(),
    };
    buckets.set(bucketSeconds, figure);
  }
  return figure;
}

function addTo(counts: Map<number, number>, key: number, value: number): void {
  counts.set(key, (counts.get(key) ?? 0) + value);
}

function appendId(out: CopyBuffer, id: bigint): void {
  out.int64(Number(id >> 32n), Number(BigInt.asUintN(32, id)) | 0);
}
