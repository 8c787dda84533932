import { BlockFilter, idTerm, maxFilterBytes, saltOf, serviceTerm } from './block-filter.js';
import type { CopyBuffer } from './copy-buffer.js';
import { CopyTable } from './copy-table.js';
import { postgresMicros } from './postgres-time.js';
import { TermList } from './term-list.js';
import type { SpanRows } from './trace-rows.js';

/** A request has one block for this many bytes, which is about 120 spans. */
const bytesPerBlock = 51_200;

const maxBlocks = 1024;

/** Blocks that are kept and reused for the next request. */
const keptBlocks = 64;

/** The most time between the first and the last start in a block: 1 h. Searches rely on it. */
const maxWidthMicros = 3_600_000_000;

const maxTraces = 256;

/** Longer durations are not exact as numbers. They are rounded up, but stay in the range of an int8. */
const exactNs = 2 ** 53;
const roundingNs = 2048;
const maxDurationNs = 2 ** 63 - roundingNs;

const uuidOid = 2950;

/**
 * Builds the blocks of a request. A block summarizes about 120 spans that start within an hour: the first and last start,
 * the longest duration, the number of errors, the trace ids, and a Bloom filter. All spans of a trace are in one block
 * unless it is full.
 */
export class SpanBlocks {
  private blocks: Block[] = [];
  private count = 0;
  private readonly rowTerms = new TermList();

  /** Begins a request. @param byteLength of its body */
  begin(byteLength: number): void {
    for (let index = 0; index < this.count; index++) this.blocks[index]?.clear();
    if (this.blocks.length > keptBlocks) this.blocks.length = keptBlocks;
    this.count = Math.min(maxBlocks, Math.max(1, Math.round(byteLength / bytesPerBlock)));
    while (this.blocks.length < this.count) this.blocks.push(new Block());
  }

  /**
   * Adds a span.
   *
   * @param out receives the row of a block that is full
   * @param view contains the trace id at offset `traceId`
   * @param startMicros since 2000
   * @param durationNs may be negative: clocks differ
   */
  add(
    out: CopyBuffer,
    view: DataView,
    traceId: number,
    startMicros: number,
    durationNs: number,
    isError: boolean,
    terms: TermList,
  ): void {
    const block = this.blocks[view.getUint32(traceId + 12) % this.count] as Block;
    if (!block.admit(view, traceId, startMicros)) {
      block.appendRow(out);
      block.clear();
      block.admit(view, traceId, startMicros);
    }
    block.spanCount++;
    if (isError) block.errorCount++;
    if (durationNs > block.durationMaxNs) block.durationMaxNs = durationNs;
    block.filter.add(terms.terms, terms.count, block.salt);
  }

  /** Adds a span from the rows of the fallback decoder. */
  addRows(out: CopyBuffer, { span, events, links }: SpanRows, serviceName: string): void {
    const { rowTerms } = this;
    const durationNs = Number(span.endTimeUnixNano - span.startTimeUnixNano);
    const isError = span.statusCode === 2;
    rowTerms.clear();
    rowTerms.addOutcome(serviceTerm(serviceName), durationNs, isError);
    rowTerms.addOutcome(idTerm(span.operationId), durationNs, isError);
    for (const id of [span.resourceId, span.scopeId]) rowTerms.addId(id);
    for (const { attributes } of [span, ...events, ...links]) rowTerms.addJson(attributes);
    const traceId = Buffer.from(span.traceId, 'hex');
    this.add(
      out,
      new DataView(traceId.buffer, traceId.byteOffset, traceId.byteLength),
      0,
      Number(postgresMicros(span.startTimeUnixNano)),
      durationNs,
      isError,
      rowTerms,
    );
  }

  /** Appends the rows of all blocks that have spans. */
  end(out: CopyBuffer): void {
    for (let index = 0; index < this.count; index++) {
      const block = this.blocks[index] as Block;
      if (block.spanCount > 0) block.appendRow(out);
    }
  }
}

class Block {
  readonly filter = new BlockFilter();
  private readonly traceIds = new Uint8Array(maxTraces * 16);
  private readonly traceIdsView = new DataView(this.traceIds.buffer);
  private traceCount = 0;
  startMin = 0;
  startMax = 0;
  /** The salt of the filter. */
  salt = 1;
  spanCount = 0;
  errorCount = 0;
  durationMaxNs = 0;

  clear(): void {
    if (this.spanCount === 0) return;
    this.filter.clear();
    this.traceCount = 0;
    this.spanCount = 0;
    this.errorCount = 0;
    this.durationMaxNs = 0;
  }

  /** Adds the start and the trace of a span. @returns false when the block is full or would be too wide */
  admit(view: DataView, traceId: number, startMicros: number): boolean {
    const isFirst = this.spanCount === 0;
    const startMin = isFirst ? startMicros : Math.min(this.startMin, startMicros);
    const startMax = isFirst ? startMicros : Math.max(this.startMax, startMicros);
    if (startMax - startMin > maxWidthMicros || !this.admitTrace(view, traceId)) return false;
    this.startMin = startMin;
    this.startMax = startMax;
    // From the first trace id, which is random: the same request always gives the same block.
    if (isFirst) this.salt = saltOf(view.getUint32(traceId + 8));
    return true;
  }

  private admitTrace(view: DataView, traceId: number): boolean {
    const { traceIdsView } = this;
    const first = view.getInt32(traceId);
    const second = view.getInt32(traceId + 4);
    const third = view.getInt32(traceId + 8);
    const fourth = view.getInt32(traceId + 12);
    for (let at = (this.traceCount - 1) * 16; at >= 0; at -= 16) {
      if (
        traceIdsView.getInt32(at + 12) === fourth &&
        traceIdsView.getInt32(at + 8) === third &&
        traceIdsView.getInt32(at + 4) === second &&
        traceIdsView.getInt32(at) === first
      ) {
        return true;
      }
    }
    if (this.traceCount === maxTraces) return false;
    const at = this.traceCount++ * 16;
    traceIdsView.setInt32(at, first);
    traceIdsView.setInt32(at + 4, second);
    traceIdsView.setInt32(at + 8, third);
    traceIdsView.setInt32(at + 12, fourth);
    return true;
  }

  appendRow(out: CopyBuffer): void {
    out.reserveRow(256 + this.traceCount * 20 + maxFilterBytes);
    blockTable.append(out, this);
  }

  appendTraceIds(out: CopyBuffer): void {
    const start = out.beginArray(uuidOid, this.traceCount);
    for (let at = 0; at < this.traceCount * 16; at += 16) out.copy(this.traceIds, at, 16);
    out.endColumn(start);
  }
}

export const blockTable = new CopyTable<Block>('span_block', {
  start_max: (out, block) => out.wide(block.startMax),
  start_min: (out, block) => out.wide(block.startMin),
  duration_ns_max: (out, block) => out.wide(roundedUp(block.durationMaxNs)),
  span_count: (out, block) => out.int32(block.spanCount),
  error_count: (out, block) => out.int32(block.errorCount),
  salt: (out, block) => out.int32(block.salt),
  trace_ids: (out, block) => block.appendTraceIds(out),
  filter: (out, block) => {
    const filter = block.filter.take();
    out.copy(filter, 0, filter.length);
  },
});

/** @returns a duration that is not shorter than the given one, and fits an int8 */
function roundedUp(durationNs: number): number {
  return durationNs < exactNs ? durationNs : Math.min(maxDurationNs, durationNs + roundingNs);
}
