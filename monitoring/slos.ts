import type { Alert, RecordingRule } from './rule.ts';
import { by } from './rule.ts';

/**
 * A service level objective: a share of good events. The alerts follow the multi-window, multi-burn-rate method of the Google
 * SRE Workbook, chapter "Alerting on SLOs".
 */
export interface ServiceLevelObjective {
  /** In the names of recording rules: snake_case. */
  readonly name: string;
  readonly alert: string;
  readonly title: string;
  /** The share of events that must be good over 30 days. */
  readonly objective: number;
  /** PromQL for the rate of bad and of all events in a window such as `5m`, by the labels of `by`. */
  readonly bad: (window: string) => string;
  readonly all: (window: string) => string;
}

/** A burn rate that alerts: the error budget of 30 days is used this many times faster than planned. */
interface BurnRate {
  readonly severity: 'critical' | 'warning';
  readonly long: string;
  readonly short: string;
  readonly factor: number;
  readonly budgetUsed: string;
}

/** Each pair detects what has used the stated part of the budget of 30 days; the short window ends the alert soon. */
const burnRates: readonly BurnRate[] = [
  { severity: 'critical', long: '1h', short: '5m', factor: 14.4, budgetUsed: '2 %' },
  { severity: 'critical', long: '6h', short: '30m', factor: 6, budgetUsed: '5 %' },
  { severity: 'warning', long: '1d', short: '2h', factor: 3, budgetUsed: '10 %' },
  { severity: 'warning', long: '3d', short: '6h', factor: 1, budgetUsed: '10 %' },
];

/** Refusals that are the fault of the store, not of the sender. */
const refusals = 'overloaded|unavailable|internal';
/** Failures of queries that are the fault of the store, not of the client. */
const failures = 'internal|unavailable|busy|timed-out|no-reader|5..';
/** The slowest duration of a good query, in seconds: a bound of the histogram. */
const slowAfterS = '2.5';

const rate = (series: string, window: string): string => `sum by (${by}) (rate(${series}[${window}]))`;
/** No failure yet means no series, which counts as 0. */
const orZero = (bad: string, all: string): string => `(${bad} or 0 * ${all})`;

export const objectives: readonly ServiceLevelObjective[] = [
  {
    name: 'ingest_errors',
    alert: 'TracestoreIngestErrorBudgetBurn',
    title: 'OTLP requests are accepted',
    objective: 0.999,
    bad: (window) => rate(`tracestore_ingest_requests_refused_total{code=~"${refusals}"}`, window),
    all: (window) => rate('tracestore_ingest_requests_total', window),
  },
  {
    name: 'query_errors',
    alert: 'TracestoreQueryErrorBudgetBurn',
    title: 'queries are answered without an error of the store',
    objective: 0.99,
    bad: (window) => rate(`tracestore_query_errors_total{code=~"${failures}"}`, window),
    all: (window) => rate('tracestore_query_duration_seconds_count', window),
  },
  {
    name: 'query_slow',
    alert: 'TracestoreQueryLatencyBudgetBurn',
    title: `queries, without those of the SQL page, take at most ${slowAfterS} s`,
    objective: 0.95,
    bad: (window) =>
      `(${rate('tracestore_query_duration_seconds_count{kind!="sql"}', window)} - ${rate(
        `tracestore_query_duration_seconds_bucket{kind!="sql", le="${slowAfterS}"}`,
        window,
      )})`,
    all: (window) => rate('tracestore_query_duration_seconds_count{kind!="sql"}', window),
  },
];

const windows = [...new Set(burnRates.flatMap(({ long, short }) => [long, short]))];
const ratioName = ({ name }: ServiceLevelObjective, window: string): string =>
  `job:tracestore_${name}:ratio_rate${window}`;

/** The shares of bad events, a recording rule for each window. */
export function ratioRules(slo: ServiceLevelObjective): readonly RecordingRule[] {
  return windows.map((window) => {
    const all = slo.all(window);
    return { record: ratioName(slo, window), expr: `${orZero(slo.bad(window), all)} / (${all} > 0)` };
  });
}

/** The alerts of an objective: one for each severity. */
export function burnAlerts(slo: ServiceLevelObjective): readonly Alert[] {
  const budget = (1 - slo.objective).toPrecision(3).replace(/\.?0+$/, '');
  const percent = `${Number((slo.objective * 100).toPrecision(6))} %`;
  return (['critical', 'warning'] as const).map((severity) => {
    const rates = burnRates.filter((burnRate) => burnRate.severity === severity);
    const conditions = rates.map(({ long, short, factor }) => {
      const limit = `${factor} * ${budget}`;
      return `(${ratioName(slo, long)} > ${limit} and ${ratioName(slo, short)} > ${limit})`;
    });
    return {
      alert: slo.alert,
      severity,
      expr: conditions.join(' or '),
      for: severity === 'critical' ? '2m' : '15m',
      summary: `Fewer than ${percent} of events are good: ${slo.title}`,
      description: `{{ $value | humanizePercentage }} of events were bad. Objective: ${percent} over 30 days: ${slo.title}. The error budget is used ${rates
        .map(({ factor, long, budgetUsed }) => `${factor} times too fast for ${long} (${budgetUsed} of it)`)
        .join(', or ')}.`,
    };
  });
}
