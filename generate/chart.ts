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
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly allOf?: readonly { readonly $ref: string }[];
}

interface ValuesSchema {
  readonly properties: Readonly<Record<string, ObjectSchema>>;
  readonly $defs: Readonly<Record<string, ObjectSchema>>;
}

const workload = '#/$defs/workload';

/**
 * The chart's `values.schema.json` with one property of `components` per app, and with the names of the values that every
 * workload shares in each schema that refers to them: a schema that allows no other properties has to name them all.
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
  const withShared = ([name, own]: readonly [string, ObjectSchema]): readonly [string, ObjectSchema] => {
    if (own.allOf?.some(({ $ref }) => $ref === workload) !== true) return [name, own];
    const particular = Object.entries(own.properties ?? {}).filter(([, value]) => value !== true);
    return [name, { ...own, properties: { ...Object.fromEntries(particular), ...shared } }];
  };
  const fill = (schemas: Readonly<Record<string, ObjectSchema>>): Readonly<Record<string, ObjectSchema>> =>
    Object.fromEntries(Object.entries(schemas).map(withShared));
  return JSON.stringify(
    { ...parsed, properties: fill({ ...parsed.properties, components }), $defs: fill(parsed.$defs) },
    undefined,
    2,
  );
}
