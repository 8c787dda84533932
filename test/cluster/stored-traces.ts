import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { ports } from '@spandrel/service/ports';
import { findDefects, type TraceSpan } from '../../smoke/whole-trace.ts';

/** The stored traces of a time range. */
export interface StoredTraces {
  /** The number of traces, one per request to frontend or generator. */
  readonly requests: number;
  readonly spans: number;
  /** A phrase for each defect, with the trace id. */
  readonly defects: readonly string[];
}

type TraceRow = Omit<TraceSpan, 'parentSpanId'> & { readonly traceId: string; readonly parentSpanId: string | null };

const tracesAtOnce = 200;
const services = new Map<number, string>(Object.entries(ports).map(([name, port]) => [port, name]));

/**
 * Reads the traces since a time repeatedly, until they are whole and have the expected number, or until `timeoutMs` is
 * over.
 */
export async function untilStored(
  databaseUrl: string,
  since: Date,
  requests: number,
  timeoutMs: number,
): Promise<StoredTraces> {
  for (const deadline = Date.now() + timeoutMs; ; await sleep(3_000)) {
    const stored = await readTraces(databaseUrl, since);
    if ((stored.requests === requests && stored.defects.length === 0) || Date.now() > deadline) return stored;
  }
}

async function readTraces(databaseUrl: string, since: Date): Promise<StoredTraces> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ readonly id: string }>(
      'SELECT DISTINCT trace_id_hex AS id FROM ps_trace.span WHERE start_time >= $1 ORDER BY 1',
      [since],
    );
    const sql = readFileSync(new URL('../../smoke/trace-spans.sql', import.meta.url), 'utf8');
    const defects: string[] = [];
    let requests = 0;
    let spans = 0;
    for (let index = 0; index < rows.length; index += tracesAtOnce) {
      const ids = rows.slice(index, index + tracesAtOnce).map(({ id }) => id);
      const found = await client.query<TraceRow>(sql, [ids]);
      spans += found.rows.length;
      const ours = found.rows.filter(({ service }) => service !== 'k6');
      for (const [traceId, trace] of Map.groupBy(ours, (row) => row.traceId)) {
        const whole = withoutCaller(trace);
        // A starting backend queries its migrations without a request. A request that lost its first spans looks the
        // same, and is missing in the number of requests.
        if (!whole.some(({ service }) => isEntrance(service))) continue;
        requests += whole.filter((span) => span.parentSpanId === undefined).length;
        defects.push(...defectsOf(whole).map((defect) => `${traceId} ${defect}`));
      }
    }
    return { requests, spans, defects };
  } finally {
    await client.end();
  }
}

/** The service that k6 called is the root. */
function withoutCaller(rows: readonly TraceRow[]): readonly TraceSpan[] {
  const ids = new Set(rows.map(({ spanId }) => spanId));
  return rows.map(({ parentSpanId, ...row }) => {
    const isCalled =
      row.kind === 'server' && isEntrance(row.service) && parentSpanId !== null && !ids.has(parentSpanId);
    const isRoot = parentSpanId === null || isCalled;
    return { ...row, parentSpanId: isRoot ? undefined : parentSpanId };
  });
}

function isEntrance(service: string): boolean {
  return service === 'frontend' || service === 'generator';
}

function defectsOf(spans: readonly TraceSpan[]): readonly string[] {
  const ofGenerator = spans.some(({ service }) => service === 'generator');
  return findDefects(spans, {
    kind: ofGenerator ? 'password' : 'numbers',
    failed: false,
    serviceOnPort: (port) => services.get(port),
  });
}
