import type { Client } from 'pg';
import { CopyBuffer } from '../storage/copy-buffer.js';
import { readSqlFile } from '../sql-file.js';
import { BatchFlight, PrepareFlight } from '../database/batch-flight.js';
import { CallFigures, callTables } from './call-figures.js';
import { CopyOutFlight } from './copy-out-flight.js';
import { TraceCalls } from './trace-calls.js';
import { TraceReader } from './trace-reader.js';

const sql = (name: string): string => readSqlFile(import.meta.url, `${name}.sql`);
const openPass = sql('open-pass');
const beginPass = sql('begin-pass');
const beginRecount = sql('begin-recount');
const recountEverything = sql('recount-everything');
const copySpans = sql('copy-spans');
const nameEndless = sql('name-endless');
const noteLate = sql('note-late');
const rollLate = sql('roll-late');
const endPass = sql('end-pass');
const findServices = sql('find-services');
const copyCalls = callTables.map((table) => ({
  table,
  statement: {
    name: `copy-${table.name}`,
    text: sql(`copy-${table.rowsOf}-calls`).replaceAll('{{table}}', table.name),
  },
}));

/** As `tracestore.most_spans_of_trace` has it. */
const mostSpansOfTrace = 100_000;

const rowBufferBytes = 256 * 1024;

/** Until when the aggregates of longer intervals are complete, in seconds since 1970. */
interface Rolled {
  readonly rolled5m: number;
  readonly rolled1h: number;
}

/** The result of a run. */
export interface CallPass {
  /** Spans that were committed since the run before. */
  readonly spanCount: number;
  /** All spans that were committed before this run are counted. */
  readonly isLast: boolean;
  /** Slices of time to count again, because the database was restored from a dump; undefined if it was not. */
  readonly restoredSlices?: number;
}

/** Prepares a connection for runs. It must be called once. */
export async function prepareForPasses(client: Client): Promise<void> {
  await client.query(new PrepareFlight(copyCalls.map(({ statement }) => statement))).done;
}

/**
 * Counts the calls that were committed since the last run, in one transaction.
 *
 * @param client prepared, in no transaction, and the only one with aggregation runs
 * @param mostSpans the number of spans to count; those of the last one's request are included
 * @throws DatabaseError of pg; the next run then counts these calls
 */
export async function countNewCalls(client: Client, mostSpans: number): Promise<CallPass> {
  return inTransaction(client, async () => {
    const { rows } = await client.query<Rolled & { spanCount: number; isLast: boolean; restored: boolean }>(beginPass, [
      mostSpans,
    ]);
    const state = rows[0];
    if (state === undefined) throw new Error('The state of the count of calls is missing');
    if (state.restored) {
      const { rows: recounted } = await client.query<{ slices: number }>(recountEverything);
      return { spanCount: 0, isLast: false, restoredSlices: recounted[0]?.slices ?? 0 };
    }
    if (state.spanCount > 0) await addFigures(client, state);
    await client.query(endPass, [state.isLast]);
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
    const { rows } = await client.query<Rolled & { startFrom: Date }>(beginRecount);
    const slice = rows[0];
    if (slice !== undefined) await addFigures(client, slice);
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
  const { rows } = await client.query<{ found: boolean }>(rollLate);
  return rows[0]?.found === true;
}

async function inTransaction<Result>(client: Client, run: () => Promise<Result>): Promise<Result> {
  try {
    // Two statements: the first has begun the transaction if the second fails.
    await client.query(openPass);
    const result = await run();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A lost connection has rolled back already.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function addFigures(client: Client, { rolled5m, rolled1h }: Rolled): Promise<void> {
  const figures = new CallFigures();
  const endless = await readTraces(client, figures, mostSpansOfTrace);
  if (endless.length > 0) {
    await client.query(nameEndless, [`{${endless.join(',')}}`]);
    await readTraces(client, figures, Infinity);
  }
  await nameServices(client, figures);
  const untilSeconds = { 10: Infinity, 300: rolled5m, 3_600: rolled1h };
  const late: { readonly table: string; readonly bucketsSeconds: readonly number[] }[] = [];
  const copies = copyCalls.flatMap(({ table, statement }) => {
    const rows = new CopyBuffer(rowBufferBytes);
    const buckets = figures.appendRows(rows, table, untilSeconds[table.widthSeconds]);
    if (buckets.size === 0) return [];
    if (table.widthSeconds > 10) late.push({ table: table.name, bucketsSeconds: [...buckets] });
    return [{ statement, rows }];
  });
  if (copies.length > 0) await client.query(new BatchFlight([], copies)).done;
  for (const { table, bucketsSeconds } of late) await client.query(noteLate, [table, bucketsSeconds]);
}

async function nameServices(client: Client, figures: CallFigures): Promise<void> {
  const { rows } = await client.query<{ id: string; service_name: string }>(findServices, [figures.operationIds]);
  const names = new Map(rows.map(({ id, service_name: name }) => [BigInt(id), name]));
  figures.nameServices((id) => names.get(id));
}

/** @returns the numbers of the oversized traces, which are not counted yet */
async function readTraces(client: Client, figures: CallFigures, mostSpans: number): Promise<readonly number[]> {
  const calls = new TraceCalls(figures);
  const reader = new TraceReader(figures, mostSpans, (spans) => calls.add(spans));
  await client.query(new CopyOutFlight(copySpans, (chunk) => reader.read(chunk))).done;
  reader.end();
  return reader.oversized;
}
