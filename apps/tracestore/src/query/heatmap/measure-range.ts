import type { QueryResultRow } from 'pg';
import { constant, type Fragment, readSql } from '../../sql.js';
import type { QueryConnection } from '../query-database.service.js';
import { timestampOf } from '../unix-time.js';

const measure = readSql<{
  readonly start_min: string;
  readonly start_max: string;
  readonly block_limit: number;
  readonly may_match: Fragment;
}>(import.meta.url, 'measure-range.sql');

/** More blocks than this are not tested one by one. */
const maxBlocks = 100_000;

/** What a search would have to read. */
export interface RangeSize {
  /** Blocks that were tested, those of them that may match, and the spans in these. */
  readonly blocks: number;
  readonly candidateBlocks: number;
  readonly candidateSpans: number;
  /** All spans of the range. An estimate if there are more blocks than are tested. */
  readonly spans: number;
  /** Whether all blocks were tested. */
  readonly isComplete: boolean;
}

interface SizeRow extends QueryResultRow {
  readonly blocks: string;
  readonly candidate_blocks: string;
  readonly spans: string;
  readonly candidate_spans: string;
  readonly oldest_us: string | null;
}

/**
 * Measure how much a search would have to read.
 *
 * @param minUs the first start of a span, in µs since 1970
 * @param maxUs the last start of a span
 * @param mayMatch the test of a block; undefined if blocks tell nothing
 * @throws TracestoreError
 */
export async function measureRange(
  connection: QueryConnection,
  minUs: bigint,
  maxUs: bigint,
  mayMatch: Fragment | undefined,
): Promise<RangeSize> {
  const [row] = await connection.query<SizeRow>(
    measure.bind({
      start_min: timestampOf(minUs),
      start_max: timestampOf(maxUs),
      block_limit: maxBlocks,
      may_match: mayMatch ?? constant(true),
    }),
  );
  const blocks = Number(row?.blocks ?? 0);
  const isComplete = blocks < maxBlocks;
  const tested = Number(row?.spans ?? 0);
  // The blocks that were not tested are assumed to be like the others.
  const testedUs = Math.max(Number(maxUs) - Number(row?.oldest_us ?? minUs), 1);
  return {
    blocks,
    candidateBlocks: Number(row?.candidate_blocks ?? 0),
    candidateSpans: Number(row?.candidate_spans ?? 0),
    spans: isComplete ? tested : (tested * Number(maxUs - minUs)) / testedUs,
    isComplete,
  };
}
