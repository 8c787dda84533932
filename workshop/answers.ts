import type { RecordedSpan } from './recording.ts';

/** A row of a result: the values in the order of the columns. */
export type AnswerRow = readonly (string | number)[];

/** The answer of a query, computed from the spans of the recording without SQL. */
export interface Answer {
  readonly rows: readonly AnswerRow[];
  /** The largest relative error of the query: 0.046 for a percentile from buckets. The default allows for sums of fractions only. */
  readonly tolerance?: number;
}

/** The recording, with the relations that queries ask for. */
class Recording {
  readonly spans: readonly RecordedSpan[];
  private readonly byId: ReadonlyMap<string, RecordedSpan>;
  private readonly byParent: ReadonlyMap<string | undefined, readonly RecordedSpan[]>;

  constructor(spans: readonly RecordedSpan[]) {
    this.spans = spans;
    this.byId = new Map(spans.map((span) => [span.spanId, span]));
    this.byParent = Map.groupBy(spans, ({ parentSpanId }) => parentSpanId);
  }

  get roots(): readonly RecordedSpan[] {
    return this.childrenOf(undefined);
  }

  childrenOf(span: RecordedSpan | undefined): readonly RecordedSpan[] {
    return this.byParent.get(span?.spanId) ?? [];
  }

  parentOf(span: RecordedSpan): RecordedSpan | undefined {
    return span.parentSpanId === undefined ? undefined : this.byId.get(span.parentSpanId);
  }

  /** A span and the spans above it, up to the root. */
  pathOf(span: RecordedSpan): readonly RecordedSpan[] {
    const parent = this.parentOf(span);
    return [span, ...(parent === undefined ? [] : this.pathOf(parent))];
  }

  /** A span and all spans below it, a parent before its children, in the order of their start. */
  treeOf(span: RecordedSpan, level = 1): readonly { readonly span: RecordedSpan; readonly level: number }[] {
    const children = this.childrenOf(span).toSorted((a, b) => a.startUs - b.startUs);
    return [{ span, level }, ...children.flatMap((child) => this.treeOf(child, level + 1))];
  }

  /** Children of this recording never overlap. */
  selfMs(span: RecordedSpan): number {
    return durationMs(span) - sum(this.childrenOf(span).map(durationMs));
  }

  /** All spans of the operations from which `start` can be reached in steps of `next`. */
  closure(start: string, next: (span: RecordedSpan) => readonly RecordedSpan[]): readonly RecordedSpan[] {
    const byOperation = Map.groupBy(this.spans, operationOf);
    const found = new Set([start]);
    for (const operation of found) {
      for (const span of byOperation.get(operation) ?? [])
        for (const other of next(span)) found.add(operationOf(other));
    }
    return this.spans.filter((span) => found.has(operationOf(span)));
  }
}

const durationMs = ({ startUs, endUs }: RecordedSpan): number => (endUs - startUs) / 1_000;
const operationOf = ({ service, name }: RecordedSpan): string => `${service} ${name}`;
const minuteOf = ({ startUs }: RecordedSpan): number => Math.floor(startUs / 60_000_000);
const fiveMinutesOf = (span: RecordedSpan): number => minuteOf(span) - (minuteOf(span) % 5);
const charOf = ({ attributes }: RecordedSpan): string => String(attributes['char']);
const hasFailed = ({ error }: RecordedSpan): boolean => error !== undefined;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const meanMs = (spans: readonly RecordedSpan[]): number => mean(spans.map(durationMs));
const errorsOf = (spans: readonly RecordedSpan[]): number => spans.filter(hasFailed).length;
const errorRateOf = (spans: readonly RecordedSpan[]): number => errorsOf(spans) / spans.length;
const tracesOf = (spans: readonly RecordedSpan[]): number => new Set(spans.map(({ traceId }) => traceId)).size;

/** Interpolates between neighbors, as percentile_cont does. */
function percentile(share: number, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const [below = 0, above = below] = sorted.slice(Math.floor(position), Math.floor(position) + 2);
  return below + (above - below) * (position - Math.floor(position));
}

/** The smallest value that this share of the values does not exceed. */
function nearestRank(share: number, values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? 0;
}

/** One row for each group, in the order of `compare`. */
function grouped<Key extends string | number>(
  spans: readonly RecordedSpan[],
  keyOf: (span: RecordedSpan) => Key,
  rowOf: (spans: readonly RecordedSpan[], key: Key) => AnswerRow,
  ...compare: readonly ((a: AnswerRow, b: AnswerRow) => number)[]
): readonly AnswerRow[] {
  return [...Map.groupBy(spans, keyOf)]
    .map(([key, own]) => rowOf(own, key))
    .toSorted((a, b) => compare.reduce((order, next) => order || next(a, b), 0));
}

const ascending =
  (column: number) =>
  (a: AnswerRow, b: AnswerRow): number =>
    (a[column] ?? 0) < (b[column] ?? 0) ? -1 : (a[column] ?? 0) > (b[column] ?? 0) ? 1 : 0;
const descending =
  (column: number) =>
  (a: AnswerRow, b: AnswerRow): number =>
    -ascending(column)(a, b);

/** Computes the answer of every query of the lessons, by the question in its first line. */
export function computeAnswers(recorded: readonly RecordedSpan[]): ReadonlyMap<string, Answer> {
  const recording = new Recording(recorded);
  const { spans, roots } = recording;
  const named = (service: string, name: string): readonly RecordedSpan[] =>
    spans.filter((span) => span.service === service && span.name === name);
  const slowest = (own: readonly RecordedSpan[]): RecordedSpan => {
    const [first] = own.toSorted((a, b) => durationMs(b) - durationMs(a));
    if (first === undefined) throw new Error('there is no span');
    return first;
  };
  const pairsOf = (span: RecordedSpan): string => {
    const parent = recording.parentOf(span);
    return parent === undefined ? '' : `${operationOf(parent)}\n${operationOf(span)}`;
  };
  const isBetweenServices = (span: RecordedSpan): boolean =>
    span.parentSpanId !== undefined && recording.parentOf(span)?.service !== span.service;
  const callerOf = (own: readonly RecordedSpan[]): RecordedSpan => {
    const parent = own[0] === undefined ? undefined : recording.parentOf(own[0]);
    if (parent === undefined) throw new Error('the span has no parent');
    return parent;
  };
  const first = (own: readonly RecordedSpan[]): RecordedSpan => {
    if (own[0] === undefined) throw new Error('the group is empty');
    return own[0];
  };
  const uppers = named('upper', 'extra_extra_process_upper');
  const passwords = roots.filter(({ service }) => service === 'generator');
  const backend = named('backend', 'POST /numbers');
  const isBackendTrace = (failed: boolean): readonly string[] =>
    [...Map.groupBy(spans, ({ traceId }) => traceId)]
      .filter(([, own]) => own.some(({ service }) => service === 'backend'))
      .filter(([, own]) => own.some((span) => span.service === 'backend' && hasFailed(span)) === failed)
      .map(([traceId]) => traceId);
  const withNewVersion = (traceIds: readonly string[]): number =>
    tracesOf(spans.filter(({ traceId, serviceVersion }) => traceIds.includes(traceId) && serviceVersion === '1.1.0'));
  const failedTraces = isBackendTrace(true);
  const otherTraces = isBackendTrace(false);

  const answers: Readonly<Record<string, Answer>> = {
    // 01
    'How many requests does each service receive from outside, in all and per minute?': {
      rows: grouped(
        roots,
        operationOf,
        (own) => [first(own).service, first(own).name, own.length, own.length / 30],
        descending(2),
      ),
    },
    'In which minutes do most requests arrive? Minutes count from the start of the recording.': {
      rows: grouped(roots, minuteOf, (own, minute) => [minute, own.length], descending(1), ascending(0)).slice(0, 3),
    },
    'How many requests arrive per second, in steps of five minutes?': {
      rows: grouped(roots, fiveMinutesOf, (own, minute) => [minute, own.length / 300], ascending(0)),
    },
    'How many calls of digit does one password need?': {
      rows: [[named('digit', 'GET /').length / passwords.length]],
    },
    // 02
    'Which requests fail, and how often?': {
      rows: grouped(
        roots,
        operationOf,
        (own) => [first(own).service, first(own).name, own.length, errorsOf(own), errorRateOf(own)],
        descending(4),
      ),
    },
    'Where do the errors begin? These are the failed spans without a failed child.': {
      rows: grouped(
        spans.filter((span) => hasFailed(span) && !recording.childrenOf(span).some(hasFailed)),
        operationOf,
        (own) => [first(own).service, first(own).name, own.length],
        descending(2),
      ),
    },
    'Which characters fail in upper?': {
      rows: grouped(uppers, charOf, (own, char) => [char, own.length, errorsOf(own), errorRateOf(own)], ascending(0)),
    },
    'Which messages do the errors of special have?': {
      rows: grouped(
        named('special', 'extra_process_special').filter(hasFailed),
        ({ error = '' }) => error,
        (own, message) => [message, own.length],
        descending(1),
        ascending(0),
      ),
    },
    // 03
    'How long do requests take?': {
      rows: grouped(
        roots,
        operationOf,
        (own) => [
          first(own).service,
          first(own).name,
          percentile(0.5, own.map(durationMs)),
          percentile(0.95, own.map(durationMs)),
          Math.max(...own.map(durationMs)),
        ],
        descending(3),
      ),
    },
    'Which five requests take longest?': {
      rows: roots
        .toSorted((a, b) => durationMs(b) - durationMs(a))
        .slice(0, 5)
        .map((span) => [span.service, span.name, durationMs(span)]),
    },
    'How does the 95th percentile of generator change, in steps of five minutes?': {
      rows: grouped(
        passwords,
        fiveMinutesOf,
        (own, minute) => [minute, nearestRank(0.95, own.map(durationMs))],
        ascending(0),
      ),
      tolerance: 0.046,
    },
    'How are the durations of passwords distributed? Each row is a range up to twice its start.': {
      rows: grouped(
        passwords,
        (span) => 2 ** Math.floor(Math.log2(durationMs(span))),
        (own, from) => [from, own.length],
        ascending(0),
      ),
    },
    // 04
    'Which services call which?': {
      rows: grouped(
        spans.filter(isBetweenServices),
        (span) => `${callerOf([span]).service} ${span.service}`,
        (own) => [callerOf(own).service, first(own).service, own.length, errorsOf(own), meanMs(own)],
        descending(2),
        ascending(0),
      ),
    },
    'Which services call which, counted from the spans?': {
      rows: grouped(
        spans.filter(isBetweenServices),
        (span) => `${callerOf([span]).service} ${span.service}`,
        (own) => [callerOf(own).service, first(own).service, own.length],
        descending(2),
        ascending(0),
      ),
    },
    'Which share of its time does lower wait for digit?': {
      rows: [[sum(named('lower', 'digit').map(durationMs)) / sum(named('lower', 'GET /').map(durationMs))]],
    },
    'Which services do not call any other service?': {
      rows: [...new Set(spans.map(({ service }) => service))]
        .filter((service) => !spans.some((span) => isBetweenServices(span) && callerOf([span]).service === service))
        .toSorted()
        .map((service) => [service]),
    },
    // 05
    'Which operations call digit, directly or not?': {
      rows: grouped(
        recording
          .closure('digit GET /', (span) => recording.pathOf(span).slice(1, 2))
          .filter(({ parentSpanId }) => parentSpanId !== undefined),
        pairsOf,
        (own) => [callerOf(own).service, callerOf(own).name, first(own).service, first(own).name, own.length],
        descending(4),
        ascending(0),
        ascending(1),
        ascending(2),
        ascending(3),
      ),
    },
    'Which spans are above the slowest render_digit?': {
      rows: recording
        .pathOf(slowest(named('digit', 'render_digit')))
        .map((span, distance) => [distance, span.service, span.name, durationMs(span)]),
    },
    'Who calls digit, and how often?': {
      rows: grouped(
        named('digit', 'GET /'),
        (span) => callerOf([span]).service,
        (own, caller) => [caller, own.length],
        descending(1),
      ),
    },
    // 06
    'Which operations does a password need, directly or not?': {
      rows: grouped(
        recording.closure('generator GET /', (span) => recording.childrenOf(span)),
        operationOf,
        (own) => [first(own).service, first(own).name, own.length, meanMs(own)],
        descending(2),
        ascending(0),
        ascending(1),
      ).slice(0, 8),
    },
    'Which operations do the work?': {
      rows: grouped(
        recording.closure('generator GET /', (span) => recording.childrenOf(span)),
        operationOf,
        (own) => [first(own).service, first(own).name, own.length, sum(own.map((span) => recording.selfMs(span)))],
        descending(3),
      ).slice(0, 5),
    },
    'Which span calls which in the slowest request?': {
      rows: recording
        .treeOf(slowest(roots))
        .map(({ span, level }) => [`${'  '.repeat(level - 1)}${operationOf(span)}`, durationMs(span)]),
    },
    'Which operations determine the duration of the slowest password?': {
      // The calls of a trace are one after the other, so all self time is on the critical path.
      rows: grouped(
        recording.treeOf(slowest(passwords)).map(({ span }) => span),
        operationOf,
        (own) => [first(own).service, first(own).name, sum(own.map((span) => recording.selfMs(span)))],
        descending(2),
      ).slice(0, 3),
    },
    // 07
    'In which minutes is render_digit slow?': {
      rows: grouped(
        named('digit', 'render_digit'),
        (span) => minuteOf(span) % 5,
        (own, minute) => [minute, own.length, meanMs(own)],
        ascending(0),
      ),
    },
    'Which version of backend fails?': {
      rows: grouped(
        backend,
        ({ serviceVersion }) => serviceVersion,
        (own, version) => [version, own.length, errorRateOf(own), percentile(0.95, own.map(durationMs))],
        ascending(0),
      ),
    },
    'Which version do the failed traces of backend have more often than the others?': {
      rows: [
        ['1.1.0', withNewVersion(failedTraces), failedTraces.length, withNewVersion(otherTraces), otherTraces.length],
      ],
    },
    'Which operation gets slower during the recording?': {
      rows: grouped(
        named('upper', 'random_upper'),
        fiveMinutesOf,
        (own, minute) => [minute, own.length, meanMs(own)],
        ascending(0),
      ),
    },
    'Which characters make lower slow?': {
      rows: grouped(
        named('lower', 'extra_process_lower'),
        charOf,
        (own, char) => [char, own.length, meanMs(own)],
        ascending(0),
      ),
    },
    // 08
    'How many traces have a failed span of upper?': {
      rows: [[tracesOf(spans.filter((span) => span.service === 'upper' && hasFailed(span)))]],
    },
    'How many traces have a render_digit of more than 30 ms?': {
      rows: [[tracesOf(named('digit', 'render_digit').filter((span) => durationMs(span) > 30))]],
    },
    'How many traces fail in version 1.1.0 of backend?': {
      rows: [
        [
          tracesOf(
            spans.filter((span) => span.service === 'backend' && span.serviceVersion === '1.1.0' && hasFailed(span)),
          ),
        ],
      ],
    },
    'In how many traces does lower wait for a slow digit?': {
      rows: [
        [
          tracesOf(
            named('digit', 'GET /').filter(
              (span) => durationMs(span) > 40 && recording.pathOf(span).some(({ service }) => service === 'lower'),
            ),
          ),
        ],
      ],
    },
    'How many traces have more than 20 spans of generator?': {
      rows: [
        [
          [...Map.groupBy(spans, ({ traceId }) => traceId).values()].filter(
            (own) => own.filter(({ service }) => service === 'generator').length > 20,
          ).length,
        ],
      ],
    },
  };
  return new Map(Object.entries(answers));
}
