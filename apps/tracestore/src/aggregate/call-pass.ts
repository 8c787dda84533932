import type { Client } from 'pg';
import { CopyBuffer } from '../storage/copy-buffer.js';
import { readSqlFile } from '../sql-file.js';
import { PipelinedBatch, PipelinedPrepare } from '../database/pipelined-batch.js';
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

/** As `tracestore.most_spans_of_trace` has it. */
const mostSpansOfTrace = 100_000;

const rowBufferBytes = 256 * 1024;

/** How far figures of wider buckets are whole, in seconds since 1970. */
interface Rolled {
  readonly rolled5m: number;
  readonly rolled1h: number;
}

/** What a pass did. */
export interface CallPass {
  /** Spans that came since the pass before. */
  readonly spanCount: number;
  /** Nothing that came before this pass is left to be counted. */
  readonly isLast: boolean;
  /** Slices of time that are to be counted again, as the database is another one than before; undefined if it is not. */
  readonly restoredSlices?: number;
}

/** Prepares a connection for passes, once. */
export async function prepareForPasses(client: Client): Promise<void> {
  await client.query(new PipelinedPrepare(callTables.map(({ copy }) => copy.statement))).done;
}

/**
 * Counts calls that came since the last pass, in one transaction: all of them once, or none.
 *
 * @param client prepared, in no transaction, and the only one that runs passes
 * @param mostSpans bounds the transaction: so many spans are counted, and what came with the last of them
 * @throws DatabaseError of pg; the next pass then does what this one has not done
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
 * Counts the calls of one slice of time again that `tracestore.recount_calls` has asked for.
 *
 * @param client as for `countNewCalls`
 * @returns when the slice starts; undefined when there is none
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
 * Sums up again what was added to one bucket of figures after it had been summed up, once no more comes.
 *
 * @param client as for `countNewCalls`
 * @returns whether there was such a bucket
 */
export async function rollLateCalls(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(rollLate);
  return rows[0]?.found === true;
}

async function inTransaction<Result>(client: Client, run: () => Promise<Result>): Promise<Result> {
  try {
    // Two statements: the first may have begun the transaction when the second fails.
    await client.query(openPass);
    const result = await run();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that is lost has rolled back by itself.
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
  const copies = callTables.flatMap((table) => {
    const rows = new CopyBuffer(rowBufferBytes);
    const buckets = figures.appendRows(rows, table, untilSeconds[table.widthSeconds]);
    if (buckets.size === 0) return [];
    if (table.widthSeconds > 10) late.push({ table: table.copy.name, bucketsSeconds: [...buckets] });
    return [{ statement: table.copy.statement, rows }];
  });
  if (copies.length > 0) await client.query(new PipelinedBatch([], copies)).done;
  for (const { table, bucketsSeconds } of late) await client.query(noteLate, [table, bucketsSeconds]);
}

async function nameServices(client: Client, figures: CallFigures): Promise<void> {
  const { rows } = await client.query<{ id: string; service_name: string }>(findServices, [figures.operationIds]);
  const names = new Map(rows.map(({ id, service_name: name }) => [BigInt(id), name]));
  figures.nameServices((id) => names.get(id));
}

/** @returns the numbers of the traces that are too long to be counted whole */
async function readTraces(client: Client, figures: CallFigures, mostSpans: number): Promise<readonly number[]> {
  const calls = new TraceCalls(figures);
  const reader = new TraceReader(figures, mostSpans, (spans) => calls.add(spans));
  await client.query(new CopyOutFlight(copySpans, (chunk) => reader.read(chunk))).done;
  reader.end();
  return reader.endless;
}
