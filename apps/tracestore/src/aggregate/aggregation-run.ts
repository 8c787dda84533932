import type { Client } from 'pg';
import { CopyBuffer } from '../storage/copy-buffer.js';
import { commit, readSql, rollback } from '../sql.js';
import { PipelinedBatch, PipelinedPrepare } from '../database/pipelined-batch.js';
import { CallAggregates, callTables } from './call-aggregates.js';
import { CopyOutQuery } from './copy-out-query.js';
import { TraceCalls } from './trace-calls.js';
import { TraceReader } from './trace-reader.js';

const openRun = readSql(import.meta.url, 'open-run.sql');
const beginRun = readSql<{ readonly most_spans: number }>(import.meta.url, 'begin-run.sql');
const beginRecount = readSql(import.meta.url, 'begin-recount.sql');
const recountEverything = readSql(import.meta.url, 'recount-everything.sql');
const copySpans = readSql<{ readonly run: string; readonly oversized: string }>(import.meta.url, 'copy-spans.sql');
const noteLate = readSql<{ readonly table: string; readonly buckets_seconds: readonly number[] }>(
  import.meta.url,
  'note-late.sql',
);
const rollLate = readSql(import.meta.url, 'roll-late.sql');
const endRun = readSql<{ readonly run: string; readonly is_last: boolean }>(import.meta.url, 'end-run.sql');
const findServices = readSql<{ readonly operation_ids: readonly bigint[] }>(import.meta.url, 'find-services.sql');

/** A trace with more spans is oversized: its new spans are related only to each other. Equals `tracestore.most_spans_of_trace()`. */
export const mostSpansOfTrace = 100_000;

const rowBufferBytes = 256 * 1024;

/** The state of a run, and how far aggregates of wider buckets are complete, in seconds since 1970. */
interface RunState {
  /** The run as text: a value of the type `tracestore.run`. */
  readonly run: string;
  readonly rolled5m: number;
  readonly rolled1h: number;
}

/** The result of a run. */
export interface AggregationRun {
  /** Spans that were committed since the run before. */
  readonly spanCount: number;
  /** All spans that were committed before this run are counted. */
  readonly isLast: boolean;
  /** Slices of time to count again, because the database was restored from a dump; undefined if it was not. */
  readonly restoredSlices?: number;
}

/** Prepares a connection for runs. It must be called once. */
export async function prepareForRuns(client: Client): Promise<void> {
  await client.query(new PipelinedPrepare(callTables.map(({ copy }) => copy.statement))).done;
}

/**
 * Counts the calls that were committed since the last run, in one transaction.
 *
 * @param client prepared, in no transaction, and the only one with aggregation runs
 * @param mostSpans the number of spans to count; those of the last one's request are included
 * @throws DatabaseError of pg; the next run then counts these calls
 */
export async function countNewCalls(client: Client, mostSpans: number): Promise<AggregationRun> {
  return inTransaction(client, async () => {
    const { rows } = await client.query<RunState & { spanCount: number; isLast: boolean; restored: boolean }>(
      beginRun.bind({ most_spans: mostSpans }),
    );
    const state = rows[0];
    if (state === undefined) throw new Error('tracestore.call_state has no row');
    if (state.restored) {
      const { rows: recounted } = await client.query<{ slices: number }>(recountEverything.bind());
      return { spanCount: 0, isLast: false, restoredSlices: recounted[0]?.slices ?? 0 };
    }
    if (state.spanCount > 0) await addAggregates(client, state);
    await client.query(endRun.bind({ run: state.run, is_last: state.isLast }));
    return { spanCount: state.spanCount, isLast: state.isLast };
  });
}

/**
 * Counts the calls of one slice of time again, as requested by `tracestore.recount_calls`.
 *
 * @param client as for `countNewCalls`
 * @returns the start of the slice; undefined if there is none
 */
export async function recountSlice(client: Client): Promise<Date | undefined> {
  return inTransaction(client, async () => {
    const { rows } = await client.query<RunState & { startFrom: Date }>(beginRecount.bind());
    const slice = rows[0];
    if (slice !== undefined) await addAggregates(client, slice);
    return slice?.startFrom;
  });
}

/**
 * Adds up one interval of aggregates again that got late spans, when no more arrive.
 *
 * @param client as for `countNewCalls`
 * @returns whether there was such an interval
 */
export async function rollLateCalls(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(rollLate.bind());
  return rows[0]?.found === true;
}

async function inTransaction<Result>(client: Client, run: () => Promise<Result>): Promise<Result> {
  try {
    // Two statements: if the second fails, the first has begun the transaction.
    await client.query(openRun.bind());
    const result = await run();
    await client.query(commit);
    return result;
  } catch (error) {
    // A connection that is lost has rolled back by itself.
    await client.query(rollback).catch(() => undefined);
    throw error;
  }
}

async function addAggregates(client: Client, { run, rolled5m, rolled1h }: RunState): Promise<void> {
  const aggregates = new CallAggregates();
  const oversized = await readTraces(client, aggregates, spansOfRun(run, []), mostSpansOfTrace);
  if (oversized.length > 0) await readTraces(client, aggregates, spansOfRun(run, oversized), Infinity);
  await nameServices(client, aggregates);
  const untilSeconds = { 10: Infinity, 300: rolled5m, 3_600: rolled1h };
  const late: { readonly table: string; readonly bucketsSeconds: readonly number[] }[] = [];
  const copies = callTables.flatMap((table) => {
    const rows = new CopyBuffer(rowBufferBytes);
    const buckets = aggregates.appendRows(rows, table, untilSeconds[table.widthSeconds]);
    if (buckets.size === 0) return [];
    if (table.widthSeconds > 10) late.push({ table: table.copy.name, bucketsSeconds: [...buckets] });
    return [{ statement: table.copy.statement, rows }];
  });
  if (copies.length > 0) await client.query(new PipelinedBatch([], copies)).done;
  for (const { table, bucketsSeconds } of late) {
    await client.query(noteLate.bind({ table, buckets_seconds: bucketsSeconds }));
  }
}

async function nameServices(client: Client, aggregates: CallAggregates): Promise<void> {
  const { rows } = await client.query<{ id: string; service_name: string; is_entry: boolean }>(
    findServices.bind({ operation_ids: aggregates.operationIds }),
  );
  const services = new Map(
    rows.map(({ id, service_name: name, is_entry: isEntry }) => [BigInt(id), { name, isEntry }] as const),
  );
  aggregates.nameServices((id) => services.get(id));
}

/** The statement that reads the spans of a run; of the oversized traces with these numbers alone, unless there are none. */
function spansOfRun(run: string, oversized: readonly number[]): string {
  return copySpans.bindLiterals({ run, oversized: `{${oversized.join(',')}}` }).text;
}

/** @returns the numbers of the traces that are too long to be counted whole */
async function readTraces(
  client: Client,
  aggregates: CallAggregates,
  statement: string,
  mostSpans: number,
): Promise<readonly number[]> {
  const calls = new TraceCalls(aggregates);
  const reader = new TraceReader(aggregates, mostSpans, (spans) => calls.add(spans));
  await client.query(new CopyOutQuery(statement, (chunk) => reader.read(chunk))).done;
  reader.end();
  return reader.oversized;
}
