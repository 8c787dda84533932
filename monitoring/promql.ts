import { parser } from '@prometheus-io/lezer-promql';

/**
 * The names of the metrics that a PromQL expression reads. Prometheus' own grammar parses it.
 *
 * @param expression without variables of Grafana
 * @throws Error with the place of what does not parse
 */
export function metricsIn(expression: string): readonly string[] {
  const names = new Set<string>();
  parser.parse(expression).iterate({
    enter: ({ type, name, from, to }) => {
      if (type.isError) throw new Error(`PromQL does not parse at ${from}: ${expression.slice(0, from)} HERE`);
      // A name that functions and labels have too, so its parent decides.
      if (name === 'VectorSelector') {
        const metric = /^[a-zA-Z_:][\w:]*/.exec(expression.slice(from, to))?.[0];
        if (metric === undefined) throw new Error(`A selector without a metric's name: ${expression.slice(from, to)}`);
        names.add(metric);
      }
    },
  });
  return [...names];
}
