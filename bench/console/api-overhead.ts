import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { Client } from 'pg';
import { type Figures, rounded } from '../figures.ts';
import { median } from '../median.ts';
import { largeTraceId } from './large-trace.ts';

const rounds = 21;
const warmUps = 5;
const sqlOf = (file: string): string =>
  readFileSync(new URL(`../../apps/tracestore/src/${file}`, import.meta.url), 'utf8');
const waterfallSql = sqlOf('console/traces/read-waterfall.sql');
/** A connection like those of the API, so that the planner chooses the same plan. */
const prepareSessionSql = sqlOf('query/prepare-session.sql');
const sessionTimeoutsMs = ['30000', '30000'] as const;
/** The time range of a query of the API without a time. */
const everything = ['1677-09-22', '2262-04-11'] as const;

/**
 * Measures the time that the API adds to its query. The same statement runs directly and through the API by turns, and
 * the clients discard the result. It reads a trace of 50,000 spans and one of the stack's load.
 */
export async function measureApiOverhead(
  url: string,
  databaseUrl: string,
  say: (line: string) => void,
): Promise<Figures> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    await client.query(prepareSessionSql, [...sessionTimeoutsMs]);
    const { rows } = await client.query<{ trace_id: string }>(
      `SELECT replace(trace_id::text, '-', '') AS trace_id FROM ps_trace.span
       WHERE parent_span_id IS NULL AND service_name = 'generator' LIMIT 1`,
    );
    const small = rows[0]?.trace_id;
    const compare = async (traceId: string): Promise<{ readonly queryMs: number; readonly overheadMs: number }> => {
      const alone: number[] = [];
      const added: number[] = [];
      for (let round = -warmUps; round < rounds; round++) {
        const queryMs = await timed(() => client.query(waterfallSql, [traceId, ...everything]));
        const apiMs = await timed(() => ask(`${url}/api/traces/${traceId}`));
        if (round < 0) continue;
        alone.push(queryMs);
        added.push(apiMs - queryMs);
      }
      return { queryMs: median(alone), overheadMs: median(added) };
    };
    const large = await compare(largeTraceId);
    const ordinary = small === undefined ? undefined : await compare(small);
    const figures = {
      apiOverheadMs: rounded(large.overheadMs, 1),
      apiQueryMs: rounded(large.queryMs, 1),
      ...(ordinary === undefined
        ? {}
        : {
            apiOverheadSmallMs: rounded(ordinary.overheadMs, 1),
            apiQuerySmallMs: rounded(ordinary.queryMs, 1),
          }),
    };
    say(`the API: ${JSON.stringify(figures)}`);
    return figures;
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
