import { postgresEpochSeconds } from '../storage/postgres-time.js';
import type { CallAggregates } from './call-aggregates.js';
import { TraceSpans } from './trace-spans.js';

/** PostgreSQL manual, "COPY", "Binary Format": signature, flags, length of the extension, which is empty. */
const headerBytes = 19;

// Every column has a fixed length and is never NULL, so it has a fixed offset. A row is the number of columns (2 bytes),
// and for each column its length (4 bytes) and its bytes.
const at = {
  traceNr: 2 + 4,
  spanId: 10 + 4,
  parentSpanId: 22 + 4,
  startTime: 34 + 4,
  endTime: 46 + 4,
  startNanos: 58 + 4,
  endNanos: 64 + 4,
  operationId: 70 + 4,
  instance: 82 + 4,
  flags: 90 + 4,
} as const;
const rowBytes = 96;

/**
 * Reads the rows of copy-spans.sql and passes them on by trace. It holds the spans of one trace, up to the maximum.
 */
export class TraceReader {
  readonly oversized: number[] = [];
  private readonly spans = new TraceSpans();
  private traceNr = 0;
  private baseMicros = 0;
  private isFirst = true;

  /**
   * @param mostSpans traces with more spans are listed in `oversized` instead
   * @param take receives the spans of a trace, which are valid until it returns
   */
  constructor(
    private readonly aggregates: Pick<CallAggregates, 'operationIndex'>,
    private readonly mostSpans: number,
    private readonly take: (spans: TraceSpans) => void,
  ) {}

  /** @param chunk a message of the server: one row, after the header in the first one */
  read(chunk: Buffer): void {
    const start = this.isFirst ? headerBytes : 0;
    this.isFirst = false;
    if (chunk.length - start < rowBytes) return;
    if (chunk.length - start !== rowBytes)
      throw new Error(`A row must have ${rowBytes} bytes, got ${chunk.length - start}`);
    this.row(chunk, start);
  }

  /** Passes on the last trace. To be called after the last row. */
  end(): void {
    const { spans } = this;
    if (spans.count > this.mostSpans) this.oversized.push(this.traceNr);
    else if (spans.count > 0) this.take(spans);
    spans.count = 0;
  }

  private row(chunk: Buffer, start: number): void {
    const { spans } = this;
    const traceNr = chunk.readInt32BE(start + at.traceNr);
    if (traceNr !== this.traceNr) {
      this.end();
      this.traceNr = traceNr;
    }
    const startMicros = readWide(chunk, start + at.startTime);
    const endMicros = readWide(chunk, start + at.endTime);
    if (spans.count === 0) this.baseMicros = startMicros;
    spans.reserve();
    const index = spans.count++;
    spans.spanIdHigh[index] = chunk.readInt32BE(start + at.spanId);
    spans.spanIdLow[index] = chunk.readInt32BE(start + at.spanId + 4);
    spans.parentIdHigh[index] = chunk.readInt32BE(start + at.parentSpanId);
    spans.parentIdLow[index] = chunk.readInt32BE(start + at.parentSpanId + 4);
    const startNanos = chunk.readInt16BE(start + at.startNanos);
    const startNs = (startMicros - this.baseMicros) * 1_000 + startNanos;
    const durationNs = (endMicros - startMicros) * 1_000 + chunk.readInt16BE(start + at.endNanos) - startNanos;
    spans.startSeconds[index] = Math.floor(startMicros / 1e6) + postgresEpochSeconds;
    spans.startNs[index] = startNs;
    spans.endNs[index] = startNs + Math.max(0, durationNs);
    spans.operation[index] = this.aggregates.operationIndex(chunk.readBigInt64BE(start + at.operationId));
    spans.instance[index] = chunk.readInt32BE(start + at.instance);
    spans.flags[index] = chunk.readInt16BE(start + at.flags);
  }
}

/** Reads an int8 that is exact in a `Number`, as the microseconds of every valid time of a span are. */
function readWide(chunk: Buffer, offset: number): number {
  return chunk.readInt32BE(offset) * 0x1_0000_0000 + chunk.readUInt32BE(offset + 4);
}
