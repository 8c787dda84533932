import type { Service } from '../libs/service/src/services.ts';

/** The content of the chart's `files/services.yaml`: ports, connections and faults of the demo services. */
export function chartServices(services: readonly Service[]): string {
  const blocks = services.map(({ name, port, calls, faults, hasDatabase = false }) => {
    const connections = [
      ...calls.map((callee) => `${callee}: [http]`),
      ...(hasDatabase ? ['database: [postgres]'] : []),
      'collector: [otlp-http]',
    ];
    return [
      `${name}:`,
      `  ports: { http: ${port} }`,
      '  metrics: http',
      `  connects: { ${connections.join(', ')} }`,
      `  faults: [${faults.join(', ')}]`,
      '',
    ].join('\n');
  });
  return [
    '# Generated from libs/service/src/services.ts by npm run generate.\n',
    '# The demo services as in architecture.yaml, with the flags of their injected faults.\n',
    ...blocks,
  ].join('');
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, unknown>>;
}

interface ValuesSchema {
  readonly properties: Readonly<Record<string, ObjectSchema>>;
  readonly $defs: Readonly<Record<string, ObjectSchema>>;
}

/** The values of the workloads besides the apps. */
const otherWorkloads = ['collector', 'tempo', 'timescaledb', 'jaeger', 'grafana', 'load', 'test'];

/**
 * The chart's `values.schema.json` with one property of `components` per app, and with the properties that every
 * workload shares in each of them. A schema that allows no other properties has to name them all.
 *
 * @param schema the current content of the file
 */
export function chartSchema(schema: string, appNames: readonly string[]): string {
  const parsed = JSON.parse(schema) as ValuesSchema;
  const components = {
    $comment: 'The properties are generated from libs/service/src/services.ts by npm run generate.',
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(appNames.map((name) => [name, { $ref: '#/$defs/component' }])),
  };
  const shared = Object.fromEntries(
    Object.keys(parsed.$defs['workload']?.properties ?? {}).map((name) => [name, true]),
  );
  const withShared = (own: ObjectSchema | undefined): object => ({
    $comment: 'The properties that are true are generated from #/$defs/workload by npm run generate.',
    ...own,
    allOf: [{ $ref: '#/$defs/workload' }],
    properties: {
      ...Object.fromEntries(Object.entries(own?.properties ?? {}).filter(([, value]) => value !== true)),
      ...shared,
    },
  });
  const workloads = Object.fromEntries(otherWorkloads.map((name) => [name, withShared(parsed.properties[name])]));
  return JSON.stringify(
    {
      ...parsed,
      properties: { ...parsed.properties, components, ...workloads },
      $defs: { ...parsed.$defs, component: withShared(parsed.$defs['component']) },
    },
    undefined,
    2,
  );
}
