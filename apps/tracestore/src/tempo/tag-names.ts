import {
  type Attribute,
  bareIntrinsics,
  type Intrinsic,
  type IntrinsicName,
  parseLenientQuery,
  parseQuery,
  printQuery,
  type Query,
  scopedIntrinsics,
  type SpansetFilter,
  TraceqlError,
} from '@spandrel/traceql';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { type TagScope, tagScopes } from '../query/tags/find-tags.js';

/** Numbers of a trace's tree, and an extension: the store answers them, and editors do not propose them. */
const hidden: ReadonlySet<string> = new Set(['nestedSetLeft', 'nestedSetRight', 'nestedSetParent', 'parent']);

/** The intrinsics that editors propose, in both spellings. */
export const intrinsicTags: readonly string[] = [
  ...[...bareIntrinsics].filter((name) => !hidden.has(name)),
  ...Object.entries(scopedIntrinsics).flatMap(([scope, names]) => Object.keys(names).map((name) => `${scope}:${name}`)),
];

/** Which scopes a request for names means. */
export interface RequestedScopes {
  readonly scopes: readonly TagScope[];
  readonly hasIntrinsics: boolean;
}

/**
 * The scopes of a request for names.
 *
 * @param scope empty or `none` for all
 * @throws TracestoreError `invalid`
 */
export function requestedScopes(scope: string): RequestedScopes {
  if (scope === '') return { scopes: tagScopes, hasIntrinsics: true };
  if (scope === 'none') return { scopes: tagScopes, hasIntrinsics: false };
  if (scope === 'intrinsic') return { scopes: [], hasIntrinsics: true };
  const known = tagScopes.find((name) => name === scope);
  if (known === undefined) throw new TracestoreError(errorKinds.invalid, `invalid scope: ${scope.slice(0, 100)}`);
  return { scopes: [known], hasIntrinsics: false };
}

/** A field whose values are requested. */
export type Field = Attribute | Intrinsic;

const place = { from: 0, to: 0 } as const;

/**
 * Parse the name of a field as a query writes it: `span."a b"`, `event:name`.
 *
 * @throws TracestoreError `invalid`
 */
export function fieldOfIdentifier(text: string): Field {
  try {
    const { body, hints } = parseQuery(`{ ${text} != nil }`);
    const filter = body.node === 'pipeline' && body.stages.length === 1 ? body.stages[0] : undefined;
    if (filter?.node === 'filter' && filter.condition.node === 'binary' && hints.length === 0) {
      const { left, right } = filter.condition;
      const isField = left.node === 'attribute' || left.node === 'intrinsic';
      if (isField && right.node === 'literal' && right.value.type === 'nil') return left;
    }
  } catch (error) {
    if (!(error instanceof TraceqlError)) throw error;
  }
  throw new TracestoreError(
    errorKinds.invalid,
    `tag name must be an attribute with its scope or an intrinsic, such as span.http.route, .user or name, got ${JSON.stringify(text.slice(0, 100))}`,
  );
}

/** The field that the older endpoints mean, which have names without scopes. */
export function fieldOfName(name: string): Field {
  return bareIntrinsics.has(name) && !hidden.has(name)
    ? { node: 'intrinsic', name: name as IntrinsicName, ...place }
    : { node: 'attribute', scope: 'any', name, ofParent: false, ...place };
}

/**
 * The pipeline of a filter that may be unfinished, as editors send it.
 *
 * @returns undefined for a text that filters nothing or cannot be read, as in Tempo
 */
export function filterOfEditor(text: string): (Query['body'] & { readonly node: 'pipeline' }) | undefined {
  if (text.trim() === '') return undefined;
  try {
    const { body } = parseLenientQuery(text);
    return body.node !== 'pipeline' || body.stages.every(matchesAll) ? undefined : body;
  } catch (error) {
    if (error instanceof TraceqlError) return undefined;
    throw error;
  }
}

function matchesAll(stage: SpansetFilter | { readonly node: string }): boolean {
  if (stage.node !== 'filter' || !('condition' in stage)) return false;
  const { condition } = stage;
  return condition.node === 'literal' && condition.value.type === 'bool' && condition.value.value;
}

/** A search that groups the spans which fulfil a filter by a field that they have. */
export function groupedBy(filter: Query['body'] & { readonly node: 'pipeline' }, field: Field): string {
  const hasField: SpansetFilter = {
    node: 'filter',
    condition: {
      node: 'binary',
      operator: '!=',
      left: field,
      right: { node: 'literal', value: { type: 'nil' }, ...place },
      ...place,
    },
    ...place,
  };
  const stages = [...filter.stages, hasField, { node: 'by', expression: field, ...place } as const];
  return printQuery({ node: 'query', body: { ...filter, stages }, hints: [], extensions: [], ...place });
}

/** The text of a pipeline. */
export function textOfFilter(filter: Query['body']): string {
  return printQuery({ node: 'query', body: filter, hints: [], extensions: [], ...place });
}
