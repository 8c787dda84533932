import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { parseQuery, type Query, replaceParameters } from '../dashboards/query.ts';

/**
 * Alert rules that Grafana itself evaluates, on the aggregates in SQL. They are about the traced services, whose names are
 * never labels of our metrics: their number is not bounded, and the aggregates already have their rates, errors and durations.
 */
interface SqlAlert {
  readonly uid: string;
  readonly title: string;
  /** A file in `sql-alerts` that returns names in one column, and one number, which alerts above 1. */
  readonly query: string;
  /** Its parameters that differ from their defaults. */
  readonly values?: Readonly<Record<string, string>>;
  readonly severity: 'critical' | 'warning';
  readonly for: string;
  readonly summary: string;
}

export const sqlAlerts: readonly SqlAlert[] = [
  {
    uid: 'spandrel-service-errors-critical',
    title: 'Service uses its error budget within hours',
    query: 'service-errors.sql',
    severity: 'critical',
    for: '2m',
    summary:
      'The service in the label service_name used 2 % of its error budget of 30 days within an hour, or 5 % within 6 hours.',
  },
  {
    uid: 'spandrel-service-errors-warning',
    title: 'Service uses its error budget within days',
    query: 'service-errors.sql',
    // 10 % of the budget were used within a day, or within 3 days.
    values: {
      short: '2 hours',
      long: '1 day',
      burn: '3',
      shorter: '6 hours',
      longer: '3 days',
      slowburn: '1',
    },
    severity: 'warning',
    for: '15m',
    summary:
      'The service in the label service_name used 10 % of its error budget of 30 days within a day, or within 3 days.',
  },
  {
    uid: 'spandrel-service-slow',
    title: 'Service is slow',
    query: 'service-slow.sql',
    severity: 'critical',
    for: '2m',
    summary: 'More calls of the service in the label service_name take a second than 95 % allow over 30 days.',
  },
];

/** @throws Error if the file does not exist or is not a valid query */
export function readSqlAlert({ query }: Pick<SqlAlert, 'query'>): Query {
  return parseQuery(readFileSync(new URL(`sql-alerts/${query}`, import.meta.url), 'utf8'));
}

/** The uid of the provisioned data source, as in docs/dashboards.md. */
const sqlUid = 'spandrel-sql';

/**
 * The rules as a file that Grafana provisions (`apiVersion: 1`). It has no `$`, which Grafana would replace by variables of
 * the environment.
 */
export function sqlAlertFile(): string {
  const file = {
    apiVersion: 1,
    groups: [{ orgId: 1, name: 'spandrel-services', folder: 'Spandrel', interval: '1m', rules: sqlAlerts.map(ruleOf) }],
  };
  return `# Generated from monitoring/sql-alerts.ts by npm run generate.\n${stringify(file, { lineWidth: 0 })}`;
}

function ruleOf(alert: SqlAlert): object {
  const query = readSqlAlert(alert);
  const defaults = Object.fromEntries(query.parameters.map(({ name, defaultValue }) => [name, defaultValue]));
  const values = { ...defaults, ...alert.values };
  const rawSql = replaceParameters(query, (name) => `'${values[name] ?? ''}'`);
  const expression = { type: '__expr__', uid: '__expr__' };
  return {
    uid: alert.uid,
    title: alert.title,
    condition: 'B',
    for: alert.for,
    noDataState: 'OK',
    execErrState: 'Error',
    labels: { severity: alert.severity },
    annotations: { summary: alert.summary, description: query.description },
    data: [
      {
        refId: 'A',
        datasourceUid: sqlUid,
        relativeTimeRange: { from: 600, to: 0 },
        model: { refId: 'A', editorMode: 'code', format: 'table', rawQuery: true, rawSql },
      },
      {
        refId: 'B',
        datasourceUid: expression.uid,
        relativeTimeRange: { from: 0, to: 0 },
        model: {
          refId: 'B',
          type: 'threshold',
          datasource: expression,
          expression: 'A',
          conditions: [{ evaluator: { type: 'gt', params: [1] } }],
        },
      },
    ],
  };
}
