import type { CopyBuffer } from '../storage/copy-buffer.js';
import { type ColumnEncoder, CopyTable } from '../storage/copy-table.js';
import { postgresEpochSeconds } from '../storage/postgres-time.js';
import { durationBucket } from './duration-bucket.js';

/** Each width is a multiple of this one. */
const finestSeconds = 10;

/** A row to be added: what spans did that are of one operation or service, and whose parents are of another, by their indexes. */
interface Aggregate {
  readonly bucketSeconds: number;
  readonly callee: number;
  readonly caller: number;
  calls: number;
  errors: number;
  durationNs: number;
  selfNs: number;
  readonly durations: Map<number, number>;
  readonly selves: Map<number, number>;
}

const oid = { int2: 21, int4: 23 } as const;

/** More operations than a run can have. */
const indexBound = 2 ** 26;

/** What the aggregates of services need to know about an operation. */
interface ServiceOfOperation {
  readonly name: string;
  /** Whether its spans are of kind server or consumer. The parent of any other span is in the same service. */
  readonly isEntry: boolean;
}

/** Callers that there are none of: the spans are roots, or their parent is not stored. As operations they have the ids 0 and -1. */
const noCaller = { root: 0, notStored: 1 } as const;

/** What the rows of every table of aggregates have. */
interface CallRow {
  readonly aggregate: Aggregate;
  /** Numbers of calls by the class of their duration, and of their own time. */
  readonly durations: readonly (readonly [number, number])[];
  readonly selves: readonly (readonly [number, number])[];
}

interface OperationCallRow extends CallRow {
  readonly id: bigint;
  readonly parentId: bigint;
}

interface ServiceCallRow extends CallRow {
  readonly name: Buffer;
  readonly parentName: Buffer;
}

const timeColumn = {
  time_bucket: (out, { aggregate }) => out.wide((aggregate.bucketSeconds - postgresEpochSeconds) * 1e6),
} satisfies Record<string, ColumnEncoder<CallRow>>;

const countColumns = {
  calls: (out, { aggregate }) => out.wide(aggregate.calls),
  errors: (out, { aggregate }) => out.wide(aggregate.errors),
  duration_ns_sum: (out, { aggregate }) => out.float64(aggregate.durationNs),
  self_ns_sum: (out, { aggregate }) => out.float64(aggregate.selfNs),
  duration_bucket: (out, { durations }) => appendClasses(out, durations),
  duration_calls: (out, { durations }) => appendCounts(out, durations),
  self_bucket: (out, { selves }) => appendClasses(out, selves),
  self_calls: (out, { selves }) => appendCounts(out, selves),
} satisfies Record<string, ColumnEncoder<CallRow>>;

const operationCalls = (name: string) =>
  new CopyTable<OperationCallRow>(name, {
    ...timeColumn,
    operation_id: (out, { id }) => appendId(out, id),
    parent_operation_id: (out, { parentId }) => appendId(out, parentId),
    ...countColumns,
  });

const serviceCalls = (name: string) =>
  new CopyTable<ServiceCallRow>(name, {
    ...timeColumn,
    service_name: (out, { name: service }) => out.copy(service, 0, service.length),
    parent_service_name: (out, { parentName }) => out.copy(parentName, 0, parentName.length),
    is_root: (out, { aggregate }) => out.boolean(aggregate.caller === noCaller.root),
    ...countColumns,
  });

/** The tables of aggregates, as `tracestore.call_level` has them: what each has a row for, and how wide its buckets are. */
export const callTables = [
  { copy: operationCalls('call_10s'), rowsOf: 'operation', widthSeconds: 10 },
  { copy: operationCalls('call_5m'), rowsOf: 'operation', widthSeconds: 300 },
  { copy: operationCalls('call_1h'), rowsOf: 'operation', widthSeconds: 3_600 },
  { copy: serviceCalls('service_call_10s'), rowsOf: 'service', widthSeconds: 10 },
  { copy: serviceCalls('service_call_5m'), rowsOf: 'service', widthSeconds: 300 },
  { copy: serviceCalls('service_call_1h'), rowsOf: 'service', widthSeconds: 3_600 },
] as const;
export type CallTable = (typeof callTables)[number];

/** Sums up calls by bucket, operation and parent's operation. */
export class CallAggregates {
  private readonly indexes = new Map<bigint, number>([
    [0n, noCaller.root],
    [-1n, noCaller.notStored],
  ]);
  private readonly ids: bigint[] = [0n, -1n];
  private readonly byPair = new Map<number, Map<number, Aggregate>>();
  /** Of each operation by its index, the index of its service; then the names by these. */
  private readonly services: number[] = [noCaller.root, noCaller.notStored];
  /** Of each operation by its index, whether its calls come from outside if their parent is not stored. */
  private readonly isEntry: boolean[] = [true, true];
  private readonly serviceNames: Buffer[] = [Buffer.alloc(0), Buffer.alloc(0)];

  /** @returns a number for the id of an operation, always the same one for an id */
  operationIndex(id: bigint): number {
    let index = this.indexes.get(id);
    if (index === undefined) {
      index = this.ids.length;
      this.indexes.set(id, index);
      this.ids.push(id);
    }
    return index;
  }

  /**
   * @param sign 1 to add a call, -1 to subtract one that was added before, maybe by another run
   * @param startSeconds of the span, since 1970
   */
  add(
    sign: 1 | -1,
    startSeconds: number,
    operation: number,
    parentOperation: number,
    isError: boolean,
    durationNs: number,
    selfNs: number,
  ): void {
    const aggregate = aggregateAt(
      this.byPair,
      startSeconds - (startSeconds % finestSeconds),
      operation,
      parentOperation,
    );
    aggregate.calls += sign;
    if (isError) aggregate.errors += sign;
    aggregate.durationNs += sign * durationNs;
    aggregate.selfNs += sign * selfNs;
    addTo(aggregate.durations, durationBucket(durationNs), sign);
    addTo(aggregate.selves, durationBucket(selfNs), sign);
  }

  /** The ids of all operations that have aggregates. */
  get operationIds(): readonly bigint[] {
    return this.ids.slice(noCaller.notStored + 1);
  }

  /** @param serviceOf gives the service of an operation by the operation's id, if it is known */
  nameServices(serviceOf: (operationId: bigint) => ServiceOfOperation | undefined): void {
    const indexes = new Map<string, number>();
    for (let operation = this.services.length; operation < this.ids.length; operation++) {
      const { name, isEntry } = serviceOf(this.ids[operation] as bigint) ?? { name: '', isEntry: true };
      let index = indexes.get(name);
      if (index === undefined) {
        index = this.serviceNames.push(Buffer.from(name)) - 1;
        indexes.set(name, index);
      }
      this.services.push(index);
      this.isEntry.push(isEntry);
    }
  }

  /**
   * Appends the rows of a table; for those of services after these were named.
   *
   * @param untilSeconds only intervals that start before, in seconds since 1970
   * @returns the starts of the intervals with rows, in seconds since 1970
   */
  appendRows(out: CopyBuffer, table: CallTable, untilSeconds: number): ReadonlySet<number> {
    const { rowsOf, widthSeconds } = table;
    const indexOf = (operation: number): number =>
      rowsOf === 'operation' ? operation : (this.services[operation] as number);
    // The parent of a span that is no entry is in its own service, also if it is not stored (yet).
    const callerOf = ({ callee, caller }: Aggregate): number =>
      rowsOf === 'service' && caller === noCaller.notStored && this.isEntry[callee] === false
        ? indexOf(callee)
        : indexOf(caller);
    const bucketsSeconds = new Set<number>();
    const wide = new Map<number, Map<number, Aggregate>>();
    for (const buckets of this.byPair.values()) {
      for (const aggregate of buckets.values()) {
        const bucketSeconds = aggregate.bucketSeconds - (aggregate.bucketSeconds % widthSeconds);
        if (bucketSeconds >= untilSeconds) continue;
        const sum = aggregateAt(wide, bucketSeconds, indexOf(aggregate.callee), callerOf(aggregate));
        sum.calls += aggregate.calls;
        sum.errors += aggregate.errors;
        sum.durationNs += aggregate.durationNs;
        sum.selfNs += aggregate.selfNs;
        for (const [key, value] of aggregate.durations) addTo(sum.durations, key, value);
        for (const [key, value] of aggregate.selves) addTo(sum.selves, key, value);
      }
    }
    for (const buckets of wide.values()) {
      for (const aggregate of buckets.values()) {
        if (this.appendRow(out, table, aggregate)) bucketsSeconds.add(aggregate.bucketSeconds);
      }
    }
    return bucketsSeconds;
  }

  private appendRow(out: CopyBuffer, table: CallTable, aggregate: Aggregate): boolean {
    const durations = [...aggregate.durations].filter(([, calls]) => calls !== 0);
    const selves = [...aggregate.selves].filter(([, calls]) => calls !== 0);
    const { calls, errors, durationNs, selfNs } = aggregate;
    const isNothing = calls === 0 && errors === 0 && durationNs === 0 && selfNs === 0;
    if (isNothing && durations.length === 0 && selves.length === 0) return false;
    const row = { aggregate, durations, selves };
    const fixedBytes = 512 + (durations.length + selves.length) * 16;
    if (table.rowsOf === 'operation') {
      out.reserve(fixedBytes);
      const { callee, caller } = aggregate;
      table.copy.append(out, { ...row, id: this.ids[callee] as bigint, parentId: this.ids[caller] as bigint });
    } else {
      const name = this.serviceNames[aggregate.callee] as Buffer;
      const parentName = this.serviceNames[aggregate.caller] as Buffer;
      out.reserve(fixedBytes + name.length + parentName.length);
      table.copy.append(out, { ...row, name, parentName });
    }
    return true;
  }
}

function aggregateAt(
  byPair: Map<number, Map<number, Aggregate>>,
  bucketSeconds: number,
  callee: number,
  caller: number,
): Aggregate {
  const pair = caller * indexBound + callee;
  let buckets = byPair.get(pair);
  if (buckets === undefined) {
    buckets = new Map();
    byPair.set(pair, buckets);
  }
  let aggregate = buckets.get(bucketSeconds);
  if (aggregate === undefined) {
    aggregate = {
      bucketSeconds,
      callee,
      caller,
      calls: 0,
      errors: 0,
      durationNs: 0,
      selfNs: 0,
      durations: new Map(),
      selves: new Map(),
    };
    buckets.set(bucketSeconds, aggregate);
  }
  return aggregate;
}

function addTo(counts: Map<number, number>, key: number, value: number): void {
  counts.set(key, (counts.get(key) ?? 0) + value);
}

function appendId(out: CopyBuffer, id: bigint): void {
  out.int64(Number(id >> 32n), Number(BigInt.asUintN(32, id)) | 0);
}

function appendClasses(out: CopyBuffer, entries: CallRow['durations']): void {
  const start = out.beginArray(oid.int2, entries.length);
  for (const [key] of entries) out.int16(key);
  out.endColumn(start);
}

function appendCounts(out: CopyBuffer, entries: CallRow['durations']): void {
  const start = out.beginArray(oid.int4, entries.length);
  for (const [, count] of entries) out.int32(count);
  out.endColumn(start);
}
