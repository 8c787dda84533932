/** The spans of one trace, as a run needs them: parallel arrays with `count` used elements. */
export class TraceSpans {
  count = 0;
  spanIdHigh = new Int32Array(0);
  spanIdLow = new Int32Array(0);
  parentIdHigh = new Int32Array(0);
  parentIdLow = new Int32Array(0);
  /** Whole seconds since 1970. */
  startSeconds = new Float64Array(0);
  /** Nanoseconds since the start of the first span in this list: exact, because spans of a trace are near each other. */
  startNs = new Float64Array(0);
  /** Like `startNs`, and never less than it. */
  endNs = new Float64Array(0);
  /** An index from `CallAggregates.operationIndex`. */
  operation = new Int32Array(0);
  instance = new Int32Array(0);
  /** A combination of `spanFlags`. */
  flags = new Uint8Array(0);

  /** Makes room for one more span. */
  reserve(): void {
    if (this.count < this.flags.length) return;
    const capacity = Math.max(64, this.flags.length * 2);
    const wider = <A extends Int32Array | Float64Array | Uint8Array>(old: A): A => {
      const array = new (old.constructor as new (length: number) => A)(capacity);
      array.set(old);
      return array;
    };
    this.spanIdHigh = wider(this.spanIdHigh);
    this.spanIdLow = wider(this.spanIdLow);
    this.parentIdHigh = wider(this.parentIdHigh);
    this.parentIdLow = wider(this.parentIdLow);
    this.startSeconds = wider(this.startSeconds);
    this.startNs = wider(this.startNs);
    this.endNs = wider(this.endNs);
    this.operation = wider(this.operation);
    this.instance = wider(this.instance);
    this.flags = wider(this.flags);
  }
}

/** The bits of `TraceSpans.flags`. Equal to those of `tracestore.spans_of_run`. */
export const spanFlags = { root: 1, error: 2, counted: 4, context: 8 } as const;
