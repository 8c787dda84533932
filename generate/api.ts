import type { OpenAPIObject } from '@nestjs/swagger';

/** A schema of an OpenAPI document, as far as the page shows it. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

/** An operation of an OpenAPI document. */
interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description?: string }>>;
}

interface Route extends Operation {
  readonly method: string;
  readonly path: string;
}

/** Fields of fields of a response are listed to this depth. */
const mostLevels = 3;

/**
 * The page of the API, as Markdown.
 *
 * @param document of tracestore
 * @param summaryOf what an operation does, by its operationId
 */
export function apiPage(document: OpenAPIObject, summaryOf: (operationId: string) => string): string {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Readonly<Record<string, Operation>>).map(([method, operation]): Route => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );
  const shown = routes.filter(({ path }) => path.startsWith('/api/'));
  const byTag = Map.groupBy(shown, ({ tags }) => tags?.[0] ?? 'other');
  return [
    '# API',
    '<!-- Made by `npm run generate` from the OpenAPI document. -->',
    `This page lists the requests and responses of the HTTP API that the console uses. It is for people who write programs
against a store. [Console](console.md#api) describes errors, conditions and bounds, and [access](console.md#access) the
token. For example:`,
    `\`\`\`bash
curl -sG http://localhost:8080/api/traces --data-urlencode service=frontend --data-urlencode limit=5
\`\`\``,
    `The store itself serves the same as OpenAPI 3.1 at \`/openapi.json\`, and the console as a page at \`/docs\`. Times are
nanoseconds since 1970, as text. Errors are problem details (RFC 9457).`,
    ...[...byTag].flatMap(([tag, own]) => [`## ${tag}`, ...own.map((route) => section(route, summaryOf))]),
  ].join('\n\n');
}

function section(route: Route, summaryOf: (operationId: string) => string): string {
  const { method, path, parameters = [], requestBody, responses, operationId = '' } = route;
  const body = schemaOf(requestBody);
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'));
  const result = schemaOf(success?.[1]);
  const errors = Object.entries(responses).filter(([status]) => !status.startsWith('2'));
  return [
    `### ${method} ${path}`,
    summaryOf(operationId),
    ...(parameters.length === 0 ? [] : [parameterTable(parameters)]),
    ...(body === undefined ? [] : ['The body is a JSON object:', fieldTable(body)]),
    ...(success === undefined ? [] : responseLines(success[0], success[1].description ?? '', result)),
    ...(errors.length === 0
      ? []
      : [errors.map(([status, { description = '' }]) => `- ${status}: ${description}`).join('\n')]),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function responseLines(status: string, description: string, result: Schema | undefined): readonly string[] {
  const title = description === '' ? `Response ${status}` : `Response ${status}: ${description}`;
  if (result === undefined) return [`${title}.`];
  return [`<details><summary>${escapeHtml(title)}</summary>`, fieldTable(result), '</details>'];
}

function schemaOf(body: Content | undefined): Schema | undefined {
  return Object.values(body?.content ?? {})[0]?.schema;
}

function parameterTable(parameters: readonly Parameter[]): string {
  return table(
    ['parameter', 'in', 'value', 'meaning'],
    parameters.map(({ name, in: place, required, description, schema = {} }) => [
      `\`${name}\``,
      place,
      `${typeOf(schema)}${required === true ? '' : ', optional'}`,
      description ?? schema.description ?? '',
    ]),
  );
}

function fieldTable(schema: Schema): string {
  const rows = fieldsOf(schema, '', mostLevels);
  if (rows.length === 0) return typeOf(schema);
  return table(['field', 'value', 'meaning'], rows);
}

/** One row for each field: its path, its type and its description. */
function fieldsOf(schema: Schema, prefix: string, levels: number): readonly (readonly string[])[] {
  if (levels === 0) return [];
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    const seen = new Map(alternatives.flatMap((own) => fieldsOf(own, prefix, levels)).map((row) => [row[0], row]));
    return [...seen.values()];
  }
  if (schema.items !== undefined) return fieldsOf(schema.items, `${prefix}[]`, levels);
  return Object.entries(schema.properties ?? {}).flatMap(([name, own]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const isOptional = !(schema.required ?? []).includes(name);
    return [
      [`\`${path}\``, `${typeOf(own)}${isOptional ? ', optional' : ''}`, own.description ?? ''],
      ...fieldsOf(own, path, levels - 1),
    ];
  });
}

/** The type of a value with its bounds: `an integer from 1 to 1000, by default 50`. */
function typeOf(schema: Schema): string {
  const fallback = schema.default === undefined ? '' : `, by default \`${JSON.stringify(schema.default)}\``;
  return `${plainTypeOf(schema)}${fallback}`;
}

function plainTypeOf(schema: Schema): string {
  const { type, minimum, maximum, maxLength, maxItems, items } = schema;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return [...new Set(alternatives.map(plainTypeOf))].join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (Array.isArray(type)) return type.map((one: string) => plainTypeOf({ ...schema, type: one })).join(' or ');
  switch (type) {
    case 'integer':
    case 'number': {
      // z.int() has the bounds of exact integers of JavaScript.
      const bounds = [
        minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? '' : ` from ${minimum}`,
        maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`,
      ];
      return `${type}${bounds.join('')}`;
    }
    case 'string':
      return `text${maxLength === undefined ? '' : ` of at most ${maxLength} characters`}`;
    case 'array': {
      const bound = maxItems === undefined ? '' : ` of at most ${maxItems}`;
      return `list${bound} of ${items === undefined ? 'values' : plainTypeOf(items)}`;
    }
    case 'boolean':
    case 'null':
      return type;
    case 'object':
      return 'object';
    default:
      return 'any JSON';
  }
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, titles.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
}

/** Markdown is not read inside of an HTML element. */
function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}
