import type { ServiceMetrics } from '../libs/service/src/service-metrics.ts';

/** A metric of a registry. */
export interface DocumentedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** The upper bounds of a histogram. */
  readonly buckets: readonly number[];
}

const introduction = `# Metrics

Every metric of every process, for people who monitor Spandrel. The page is generated from the registries
(\`npm run generate\`). Each process has them at \`/metrics\` on its HTTP port, in Prometheus' text format:

    curl -s http://127.0.0.1:8080/metrics | grep ^tracestore_

- Names have a base unit at the end. Counters start at zero with the process. A histogram has \`_bucket\`, \`_sum\` and
  \`_count\`.
- No label has a value that a sender or a client chooses, so their number is bounded. Names of services, operations and
  attributes are never labels. Rates, errors and durations of traced services are in SQL: see
  [monitoring](monitoring.md#service-level-objectives).
- A gauge whose value is not known has no sample.
- Metrics of the database (sizes, partitions, aggregation lag) are the same in each replica: take the maximum. Counters are
  of one process: take the sum.

[Monitoring](monitoring.md) says how to scrape them, and has dashboards and alerts.`;

/**
 * The metrics of a registry, in the order in which they were added.
 *
 * @param registry in which no metric may have been removed
 */
export function describeMetrics(registry: ServiceMetrics['registry']): readonly DocumentedMetric[] {
  // The labels and bounds of a metric are no part of the public type.
  const metrics = registry.getMetricsAsArray() as unknown as readonly {
    readonly name: string;
    readonly help: string;
    readonly labelNames: readonly string[];
    readonly upperBounds?: readonly number[];
    readonly constructor: { readonly name: string };
  }[];
  return metrics.map(({ name, help, labelNames, upperBounds, constructor }) => ({
    name,
    type: constructor.name.toLowerCase(),
    help: help.replace(/\.$/, ''),
    labels: labelNames.filter((label) => label !== 'le'),
    buckets: upperBounds ?? [],
  }));
}

/** Whether prom-client itself has the metric, with a name of its own choice. */
export const isRuntime = ({ name }: DocumentedMetric): boolean => /^(?:process|nodejs)_/.test(name);

/**
 * The content of docs/metrics.md, not yet formatted.
 *
 * @param common the metrics that every process has
 * @param tracestore those that only tracestore has
 */
export function metricsPage(common: readonly DocumentedMetric[], tracestore: readonly DocumentedMetric[]): string {
  return `${[
    introduction,
    '## tracestore',
    table(tracestore),
    '## Every process: its HTTP server',
    'Names and labels are those of [the semantic conventions](https://opentelemetry.io/docs/specs/semconv/http/http-metrics/).',
    table(common.filter((metric) => !isRuntime(metric))),
    '## Every process: Node.js',
    // Their list depends on the operating system.
    `\`process_…\` and \`nodejs_…\` are [the default metrics of prom-client](https://github.com/siimon/prom-client#default-metrics):
CPU, memory, open files, the event loop and garbage collection.`,
    '## Histograms',
    'Upper bounds of the buckets:',
    [...tracestore, ...common]
      .filter((metric) => metric.buckets.length > 0 && !isRuntime(metric))
      .map(({ name, buckets }) => `- \`${name}\`: ${buckets.map(formatBound).join(', ')}`)
      .join('\n'),
  ].join('\n\n')}\n`;
}

function formatBound(bound: number): string {
  return bound.toLocaleString('en-US', { maximumFractionDigits: 6 });
}

function table(metrics: readonly DocumentedMetric[]): string {
  const rows = metrics.map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help.replaceAll('|', '\\|'),
  ]);
  const head = ['metric', 'type', 'labels', 'what it is'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
