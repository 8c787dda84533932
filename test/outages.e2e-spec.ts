import { type ServiceName, services as manifest } from '@spandrel/service/services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Load, startLoad } from '../load/driver.ts';
import { type ChildStack, startChildStack } from '@spandrel/testing/child-stack';
import { query } from '@spandrel/embedded/postgres';
import { StackProcesses, until } from '@spandrel/testing/stack-processes';

// Each service is killed in turn under load. Its callers return an error, the trace shows the error, the service is
// restarted, and the other services keep running.

let stack: ChildStack;
let processes: StackProcesses;
let load: Load;

beforeAll(async () => {
  stack = await startChildStack({ options: ['--no-load', '--no-faults'] });
  processes = new StackProcesses(stack.pid);
  load = startLoad({
    targets: { frontend: stack.url('frontend'), generator: stack.url('generator') },
    ratePerSecond: 20,
    concurrency: 20,
  });
});
afterAll(async () => {
  await load?.stop(500);
  await stack?.stop();
});

const services: readonly ServiceName[] = manifest.map(({ name }) => name);

const pids = (): Readonly<Record<string, number | undefined>> =>
  Object.fromEntries(
    [...services, 'tracestore'].map((name) => [name, processes.running(`dist/apps/${name}/main.js`)[0]]),
  );

interface SentResult {
  /** undefined without a response. */
  readonly status: number | undefined;
  readonly type: string | null;
  readonly body: { readonly traceId?: string; readonly type?: string };
}

async function send(entrance: 'frontend' | 'generator'): Promise<SentResult> {
  const url = entrance === 'frontend' ? `${stack.url('frontend')}/numbers` : `${stack.url('generator')}/`;
  try {
    const response = await fetch(url, {
      method: entrance === 'frontend' ? 'POST' : 'GET',
      signal: AbortSignal.timeout(10_000),
    });
    const body = (await response.json()) as SentResult['body'];
    return { status: response.status, type: response.headers.get('content-type'), body };
  } catch {
    return { status: undefined, type: null, body: {} };
  }
}

/** Kills a service and sends requests until they succeed again. @returns the failed responses */
async function killAndSend(name: ServiceName, entrance: 'frontend' | 'generator'): Promise<readonly SentResult[]> {
  const before = pids();
  process.kill(before[name] ?? 0, 'SIGKILL');
  const failed: SentResult[] = [];
  const hasRecovered = async (): Promise<boolean> => {
    const response = await send(entrance);
    const succeeded = response.status === 200 || response.status === 201;
    if (!succeeded) failed.push(response);
    const now = pids()[name];
    return succeeded && now !== undefined && now !== before[name];
  };
  expect(await until(hasRecovered, 60_000)).toBe(true);
  const after = pids();
  for (const other of [...services, 'tracestore'].filter((candidate) => candidate !== name)) {
    expect(after[other], `${other} keeps running`).toBe(before[other]);
  }
  return failed;
}

async function hasErrorRoot(traceId: string, service: string): Promise<boolean> {
  const rows = await query(
    stack.databaseUrl,
    `SELECT FROM ps_trace.span
     WHERE trace_id = $1::uuid AND parent_span_id IS NULL AND status_code = 'error' AND service_name = $2`,
    [traceId, service],
    'ps_trace_reader',
  );
  return rows.length === 1;
}

async function expectTracedErrors(
  failed: readonly SentResult[],
  statuses: readonly number[],
  root: string,
): Promise<void> {
  expect(failed.length).toBeGreaterThan(0);
  for (const { status, type, body } of failed) {
    expect(statuses).toContain(status);
    expect(type).toContain('application/problem+json');
    expect(body.traceId).toMatch(/^[\da-f]{32}$/);
  }
  const [first] = failed;
  expect(await until(() => hasErrorRoot(first?.body.traceId ?? '', root), 15_000)).toBe(true);
}

describe('outage of a service', () => {
  it('backend: frontend returns 502 or 503 with a trace id, and the trace has the error', async () => {
    await expectTracedErrors(await killAndSend('backend', 'frontend'), [502, 503], 'frontend');
  });

  it.each(['upper', 'lower', 'digit', 'special'] as const)(
    '%s: generator returns 500 with a trace id, and the trace has the error',
    async (name) => {
      await expectTracedErrors(await killAndSend(name, 'generator'), [500], 'generator');
    },
  );

  it.each([['frontend'], ['generator']] as const)('%s: connections fail until it is restarted', async (name) => {
    const failed = await killAndSend(name, name);
    expect(failed.length).toBeGreaterThan(0);
    for (const { status } of failed) expect(status).toBeUndefined();
  });

  it('tracestore: requests of the demo services succeed, and spans are stored again after the restart', async () => {
    const before = pids();
    process.kill(before['tracestore'] ?? 0, 'SIGKILL');
    const responses = await Promise.all([send('frontend'), send('frontend')]);
    expect(responses.map(({ status }) => status)).toEqual([201, 201]);
    const hasRecovered = (): boolean => {
      const now = pids()['tracestore'];
      return now !== undefined && now !== before['tracestore'];
    };
    expect(await until(hasRecovered, 60_000)).toBe(true);
    const [{ now } = { now: '' }] = await query<{ readonly now: string }>(stack.databaseUrl, 'SELECT now()::text');
    const hasNewSpans = async (): Promise<boolean> => {
      const sql = 'SELECT FROM ps_trace.span WHERE start_time > $1::timestamptz LIMIT 1';
      return (await query(stack.databaseUrl, sql, [now], 'ps_trace_reader')).length > 0;
    };
    expect(await until(hasNewSpans, 60_000)).toBe(true);
    for (const name of services) expect(pids()[name], `${name} keeps running`).toBe(before[name]);
  });
});
