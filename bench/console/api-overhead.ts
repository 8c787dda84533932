import { get } from 'node:http';
import { Client } from 'pg';
import { importBuilt } from '@spandrel/embedded/built-tracestore';
import { type Results, rounded } from '../results.ts';
import { median } from '../median.ts';
import { largeTraceId } from './large-trace.ts';

const rounds = 21;
const warmUps = 5;
const source = new URL('../../apps/tracestore/src/', import.meta.url).href;
const timeout = '30000';
/** As the API bounds a query without a time. */
const anyTime = { start_min: '1677-09-22', start_max: '2262-04-11' } as const;
/** As the API bounds the events that have a mark. */
const marks = { marks_of_span: '20', marks_of_trace: '20000' } as const;

type Sql = typeof import('../../apps/tracestore/src/sql.ts');

interface TimeoutNames {
  readonly statement_timeout_ms: string;
  readonly idle_in_transaction_timeout_ms: string;
}

interface WaterfallNames {
  readonly trace_id: string;
  readonly start_min: string;
  readonly start_max: string;
  readonly marks_of_span: string;
  readonly marks_of_trace: string;
}

/**
 * Measures the time that the API adds to its query. The same statement runs directly and through the API by turns, and
 * the clients discard the result. It reads a trace of 50,000 spans and one of the stack's load.
 */
export async function measureApiOverhead(
  url: string,
  databaseUrl: string,
  say: (line: string) => void,
): Promise<Results> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    const { readSql } = await importBuilt<Sql>('sql');
    const waterfall = readSql<WaterfallNames>(source, 'console/traces/read-waterfall.sql');
    // The planner chooses the same as on a connection of the API.
    const session = readSql<TimeoutNames>(source, 'query/prepare-session.sql');
    await client.query(session.bind({ statement_timeout_ms: timeout, idle_in_transaction_timeout_ms: timeout }));
    const { rows } = await client.query<{ trace_id: string }>(
      `SELECT replace(trace_id::text, '-', '') AS trace_id FROM ps_trace.span
       WHERE parent_span_id IS NULL AND service_name = 'generator' LIMIT 1`,
    );
    const small = rows[0]?.trace_id;
    const compare = async (traceId: string): Promise<{ readonly queryMs: number; readonly overheadMs: number }> => {
      const alone: number[] = [];
      const added: number[] = [];
      for (let round = -warmUps; round < rounds; round++) {
        const queryMs = await timed(() => client.query(waterfall.bind({ trace_id: traceId, ...anyTime, ...marks })));
        const apiMs = await timed(() => ask(`${url}/api/traces/${traceId}`));
        if (round < 0) continue;
        alone.push(queryMs);
        added.push(apiMs - queryMs);
      }
      return { queryMs: median(alone), overheadMs: median(added) };
    };
    const large = await compare(largeTraceId);
    const ordinary = small === undefined ? undefined : await compare(small);
    const results = {
      apiOverheadMs: rounded(large.overheadMs, 1),
      apiQueryMs: rounded(large.queryMs, 1),
      ...(ordinary === undefined
        ? {}
        : {
            apiOverheadSmallMs: rounded(ordinary.overheadMs, 1),
            apiQuerySmallMs: rounded(ordinary.queryMs, 1),
          }),
    };
    say(`the API: ${JSON.stringify(results)}`);
    return results;
  } finally {
    await client.end();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Sends a request and discards the response. @throws Error if the status is not 200 */
function ask(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} responded with ${response.statusCode}`));
      response.on('error', reject).on('end', resolve).resume();
    }).on('error', reject);
  });
}
