import type pg from 'pg';

/** A span as the simple reference aggregation needs it. */
export interface BruteSpan {
  readonly traceId: string;
  readonly spanId: bigint;
  readonly parentSpanId: bigint | undefined;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly operationId: bigint;
  readonly instance: number;
  readonly isError: boolean;
}

export interface BruteAggregate {
  calls: number;
  errors: number;
  durationNs: number;
  selfNs: number;
  durations: Record<string, number>;
  selves: Record<string, number>;
}

const reachNs = 7_200_000_000_000n;

/** The bucket by its definition, in integers: bucket c > 0 is from 2^((c-1)/8) to below 2^(c/8) ns. */
export function classOf(ns: bigint): number {
  if (ns <= 0n) return 0;
  // The first bucket of the largest power of two below the duration.
  let found = 8 * (ns.toString(2).length - 1) + 1;
  while (ns ** 8n >= 2n ** BigInt(found)) found += 1;
  return found;
}

/** The parent of each span, found by looking at all others of its trace. */
export function parentOf(span: BruteSpan, trace: readonly BruteSpan[]): BruteSpan | undefined {
  if (span.parentSpanId === undefined || span.parentSpanId === span.spanId) return undefined;
  return trace
    .filter((other) => other.spanId === span.parentSpanId)
    .filter((other) => other.startNs - span.startNs <= reachNs && span.startNs - other.startNs <= reachNs)
    .toSorted((a, b) => Number(a.startNs - b.startNs) || a.instance - b.instance)[0];
}

/** The time of a span that no child covers. */
export function selfNsOf(span: BruteSpan, children: readonly BruteSpan[]): bigint {
  let left: (readonly [bigint, bigint])[] = span.endNs > span.startNs ? [[span.startNs, span.endNs]] : [];
  for (const child of children) {
    left = left.flatMap(([from, to]): (readonly [bigint, bigint])[] => {
      if (child.endNs <= child.startNs || child.endNs <= from || child.startNs >= to) return [[from, to]];
      return [
        ...(child.startNs > from ? [[from, child.startNs] as const] : []),
        ...(child.endNs < to ? [[child.endNs, to] as const] : []),
      ];
    });
  }
  return left.reduce((sum, [from, to]) => sum + to - from, 0n);
}

/** Every span with its parent and self time. */
export function relate(
  spans: readonly BruteSpan[],
): readonly { readonly span: BruteSpan; readonly parent: BruteSpan | undefined; readonly selfNs: bigint }[] {
  return [...Map.groupBy(spans, ({ traceId }) => traceId).values()].flatMap((trace) => {
    const byId = Map.groupBy(trace, ({ spanId }) => spanId);
    const parents = new Map(
      trace.map((span) => [span, parentOf(span, byId.get(span.parentSpanId ?? span.spanId) ?? [])] as const),
    );
    const children = Map.groupBy(trace, (span) => parents.get(span));
    return trace.map((span) => ({ span, parent: parents.get(span), selfNs: selfNsOf(span, children.get(span) ?? []) }));
  });
}

/** The three services share all operations. */
export function serviceOf(operationId: bigint): string {
  return `service ${((operationId % 3n) + 3n) % 3n}`;
}

/** The level of an aggregate table. */
export type AggregateLevel = 'operation' | 'service';

/** Aggregates by `bucket operation parent`, or by `bucket service parent-service is-root`, sorted by this key. */
export function bruteForceAggregates(
  spans: readonly BruteSpan[],
  level: AggregateLevel,
  widthSeconds: number,
  until?: Date,
): Readonly<Record<string, BruteAggregate>> {
  const aggregates: Record<string, BruteAggregate> = {};
  for (const { span, parent, selfNs } of relate(spans)) {
    const seconds = span.startNs / 1_000_000_000n;
    const bucket = Number(seconds - (seconds % BigInt(widthSeconds)));
    if (until !== undefined && bucket * 1000 >= until.getTime()) continue;
    const isRoot = span.parentSpanId === undefined;
    const operations =
      level === 'operation'
        ? `${span.operationId} ${isRoot ? 0n : (parent?.operationId ?? -1n)}`
        : `${serviceOf(span.operationId)} ${parent === undefined ? '' : serviceOf(parent.operationId)} ${isRoot}`;
    const aggregate = (aggregates[`${bucket} ${operations}`] ??= {
      calls: 0,
      errors: 0,
      durationNs: 0,
      selfNs: 0,
      durations: {},
      selves: {},
    });
    const durationNs = span.endNs > span.startNs ? span.endNs - span.startNs : 0n;
    aggregate.calls += 1;
    aggregate.errors += span.isError ? 1 : 0;
    aggregate.durationNs += Number(durationNs);
    aggregate.selfNs += Number(selfNs);
    const durationBucket = classOf(durationNs);
    const selfClass = classOf(selfNs);
    aggregate.durations[durationBucket] = (aggregate.durations[durationBucket] ?? 0) + 1;
    aggregate.selves[selfClass] = (aggregate.selves[selfClass] ?? 0) + 1;
  }
  return sortKeys(aggregates);
}

/** The aggregates of the database, in the form of `bruteForceAggregates`. */
export async function readAggregates(
  client: pg.Client,
  level: AggregateLevel,
  table: string,
): Promise<Readonly<Record<string, BruteAggregate>>> {
  const keys = {
    operation: ['operation_id', 'parent_operation_id'],
    service: ['service_name', 'parent_service_name', 'is_root'],
  }[level];
  const { rows } = await client.query<
    Record<'key' | 'duration_bucket' | 'duration_calls' | 'self_bucket' | 'self_calls', never>
  >({
    text: `SELECT concat_ws(' ', extract(epoch FROM time_bucket)::int8, ${keys.map((key) => `${key}::text`).join(', ')}) AS key, calls::int,
        errors::int, duration_ns_sum, self_ns_sum, duration_bucket, duration_calls, self_bucket, self_calls
      FROM tracestore.${table}`,
  });
  const aggregates: Record<string, BruteAggregate> = {};
  for (const row of rows as unknown as readonly {
    key: string;
    calls: number;
    errors: number;
    duration_ns_sum: number;
    self_ns_sum: number;
    duration_bucket: readonly number[];
    duration_calls: readonly number[];
    self_bucket: readonly number[];
    self_calls: readonly number[];
  }[]) {
    const aggregate = (aggregates[row.key] ??= {
      calls: 0,
      errors: 0,
      durationNs: 0,
      selfNs: 0,
      durations: {},
      selves: {},
    });
    aggregate.calls += row.calls;
    aggregate.errors += row.errors;
    aggregate.durationNs += row.duration_ns_sum;
    aggregate.selfNs += row.self_ns_sum;
    row.duration_bucket.forEach((key, index) => {
      aggregate.durations[key] = (aggregate.durations[key] ?? 0) + (row.duration_calls[index] ?? 0);
    });
    row.self_bucket.forEach((key, index) => {
      aggregate.selves[key] = (aggregate.selves[key] ?? 0) + (row.self_calls[index] ?? 0);
    });
  }
  for (const [key, aggregate] of Object.entries(aggregates)) {
    for (const counts of [aggregate.durations, aggregate.selves]) {
      for (const [name, count] of Object.entries(counts)) if (count === 0) delete counts[name];
    }
    const { calls, errors, durationNs, selfNs, durations, selves } = aggregate;
    const counted = Object.keys(durations).length + Object.keys(selves).length;
    if (calls === 0 && errors === 0 && durationNs === 0 && selfNs === 0 && counted === 0) delete aggregates[key];
  }
  return sortKeys(aggregates);
}

function sortKeys<Value>(object: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
