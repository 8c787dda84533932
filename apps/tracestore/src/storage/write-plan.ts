import { SpanBlocks } from './span-blocks.js';
import { TermList } from './term-list.js';

/**
 * The parts of writing that a benchmark leaves out to measure what they cost. A store always writes everything: no
 * environment variable changes the plan.
 */
export interface WritePlan {
  /** Record request digests, so that a retry stores nothing and outdated dictionaries are refused. */
  readonly ledger: boolean;
  /** Summarize spans in blocks, so that a search skips spans. */
  readonly blocks: boolean;
}

/** The plan of every store. */
export const completeWritePlan: WritePlan = { ledger: true, blocks: true };

/** The token of another plan for `TraceWriterService`. No module provides it. */
export const WRITE_PLAN = Symbol('WRITE_PLAN');

/** Summarizes nothing. */
export class NoSpanBlocks extends SpanBlocks {
  override add(): void {}
}

/** Hashes no attributes. */
export class NoAttributeTerms extends TermList {
  override addAttributes(): void {}
}
