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

interface ValuesSchema {
  readonly properties: { readonly components: object };
}

/**
 * The chart's `values.schema.json` with one property of `components` per app.
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
  return JSON.stringify({ ...parsed, properties: { ...parsed.properties, components } }, undefined, 2);
}
