import type { CallAggregates } from './call-aggregates.js';
import { spanFlags, type TraceSpans } from './trace-spans.js';

/** The longest time between the starts of a span and its parent. Equals `tracestore.call_reach()`. */
export const callReachNs = 7_200e9;

/** There is no parent among the spans. */
const none = -1;

/** Relates spans to their parents, and computes how much of each span its children cover. */
class ParentIndex {
  parent = new Int32Array(0);
  coveredNs = new Float64Array(0);
  private reachedNs = new Float64Array(0);
  /** A hash table of spans by their ids: the first span of each chain, and for each span the next. */
  private first = new Int32Array(0);
  private next = new Int32Array(0);
  /** The used part of `first`, a power of two, so that a small trace after a large one costs little. */
  private slots = 0;

  /**
   * @param order the indexes of the spans by their start
   * @param mask spans without one of these flags are ignored
   */
  find(spans: TraceSpans, order: Int32Array, mask: number): void {
    const { count, flags, startNs, endNs } = spans;
    this.reserve(count);
    this.index(spans, mask);
    const { parent, coveredNs, reachedNs } = this;
    for (const child of order) {
      if (mask !== 0 && ((flags[child] as number) & mask) === 0) continue;
      const parentIndex = this.parentOf(spans, child);
      parent[child] = parentIndex;
      if (parentIndex === none) continue;
      // In the order of their starts, each child covers the part of its parent that no earlier child covers.
      const from = Math.max(startNs[child] as number, startNs[parentIndex] as number, reachedNs[parentIndex] as number);
      const to = Math.min(endNs[child] as number, endNs[parentIndex] as number);
      if (to <= from) continue;
      coveredNs[parentIndex] = (coveredNs[parentIndex] as number) + to - from;
      reachedNs[parentIndex] = to;
    }
  }

  private reserve(count: number): void {
    this.slots = 2 ** Math.ceil(Math.log2(count));
    if (this.parent.length < this.slots) {
      const capacity = Math.max(64, this.slots);
      this.parent = new Int32Array(capacity);
      this.coveredNs = new Float64Array(capacity);
      this.reachedNs = new Float64Array(capacity);
      this.first = new Int32Array(capacity);
      this.next = new Int32Array(capacity);
    }
    this.coveredNs.fill(0, 0, count);
    this.reachedNs.fill(-Infinity, 0, count);
  }

  private index({ count, flags, spanIdHigh, spanIdLow }: TraceSpans, mask: number): void {
    this.first.fill(none, 0, this.slots);
    for (let span = 0; span < count; span++) {
      if (mask !== 0 && ((flags[span] as number) & mask) === 0) continue;
      const slot = this.slot(spanIdHigh[span] as number, spanIdLow[span] as number);
      this.next[span] = this.first[slot] as number;
      this.first[slot] = span;
    }
  }

  private slot(high: number, low: number): number {
    const mixed = Math.imul(high ^ Math.imul(low, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & (this.slots - 1);
  }

  /** Returns the first span near enough with the parent's id, by start and instance. No span is its own parent. */
  private parentOf(spans: TraceSpans, child: number): number {
    const { flags, spanIdHigh, spanIdLow, parentIdHigh, parentIdLow, startNs, instance } = spans;
    if (((flags[child] as number) & spanFlags.root) !== 0) return none;
    const high = parentIdHigh[child] as number;
    const low = parentIdLow[child] as number;
    if (high === spanIdHigh[child] && low === spanIdLow[child]) return none;
    let found = none;
    for (let span = this.first[this.slot(high, low)] as number; span !== none; span = this.next[span] as number) {
      if (spanIdHigh[span] !== high || spanIdLow[span] !== low) continue;
      const startsNs = startNs[span] as number;
      if (Math.abs(startsNs - (startNs[child] as number)) > callReachNs) continue;
      const earlier =
        found === none ||
        startsNs < (startNs[found] as number) ||
        (startsNs === startNs[found] && (instance[span] as number) < (instance[found] as number));
      if (earlier) found = span;
    }
    return found;
  }
}

/** Counts the calls of traces, one trace at a time. */
export class TraceCalls {
  private readonly now = new ParentIndex();
  private readonly before = new ParentIndex();

  constructor(private readonly aggregates: CallAggregates) {}

  /**
   * Adds the calls of a trace. For a span that was counted before, the old call is subtracted if it differs, because its
   * parent or children can arrive later.
   *
   * @param spans the spans to count, and all others of the trace whose start is within twice the reach of theirs
   */
  add(spans: TraceSpans): void {
    const { count, flags, startNs, endNs, startSeconds, operation } = spans;
    const order = new Int32Array(count).map((_, index) => index);
    order.sort((a, b) => (startNs[a] as number) - (startNs[b] as number));
    let counted = 0;
    for (let span = 0; span < count; span++) counted |= (flags[span] as number) & spanFlags.counted;
    const { now, before, aggregates } = this;
    now.find(spans, order, 0);
    if (counted !== 0) before.find(spans, order, spanFlags.counted);
    for (let span = 0; span < count; span++) {
      const flag = flags[span] as number;
      if ((flag & spanFlags.context) !== 0) continue;
      const isError = (flag & spanFlags.error) !== 0;
      const durationNs = (endNs[span] as number) - (startNs[span] as number);
      const parent = parentOperation(spans, span, now.parent[span] as number);
      const selfNs = durationNs - (now.coveredNs[span] as number);
      if ((flag & spanFlags.counted) !== 0) {
        const oldParent = parentOperation(spans, span, before.parent[span] as number);
        const oldSelfNs = durationNs - (before.coveredNs[span] as number);
        if (parent === oldParent && selfNs === oldSelfNs) continue;
        aggregates.add(
          -1,
          startSeconds[span] as number,
          operation[span] as number,
          oldParent,
          isError,
          durationNs,
          oldSelfNs,
        );
      }
      aggregates.add(1, startSeconds[span] as number, operation[span] as number, parent, isError, durationNs, selfNs);
    }
  }
}

/** The indexes in `CallAggregates` of callers that are not operations. */
export const noOperation = { root: 0, unknown: 1 } as const;

function parentOperation({ flags, operation }: TraceSpans, span: number, parent: number): number {
  if (((flags[span] as number) & spanFlags.root) !== 0) return noOperation.root;
  return parent === none ? noOperation.unknown : (operation[parent] as number);
}
