import { spanKinds, spanStatuses } from '@spandrel/traceql';
import type { KeyValue } from '../gen/opentelemetry/proto/common/v1/common_pb.js';
import { getTraces } from '../query/get-traces/get-traces.js';
import type { TraceSpan } from '../query/get-traces/trace-span.js';
import { findOperations } from '../query/operations/find-operations.js';
import type { QueryDatabaseService } from '../query/query-database.service.js';
import { findServices } from '../query/services/find-services.js';
import { findTagKeys, findTagValues, type TagRange, type TagScope } from '../query/tags/find-tags.js';
import type { TraceqlQueries } from '../query/traceql/results.js';
import { type Field, filterOfEditor, groupedBy, intrinsicTags, requestedScopes, textOfFilter } from './tag-names.js';

/** The names of fields of one scope. */
export interface ScopeTags {
  readonly name: TagScope | 'intrinsic';
  readonly tags: readonly string[];
}

/** A value for completion. */
export interface TypedValue {
  readonly type: 'string' | 'bool' | 'int' | 'float' | 'duration' | 'keyword';
  readonly value: string;
}

/** A request for names or values. */
export interface TagsQuery extends TagRange {
  /** TraceQL, perhaps unfinished; empty for all spans. */
  readonly query: string;
}

/** With a filter, names are those of the spans of so many traces, the newest that match, and of so many of their spans. */
const namedTraces = 20;
const namedSpans = 5_000;

/** With a filter, values are those of the spans of so many traces, the newest that match. */
const valuedTraces = 200;

/** Finds names and values of fields for completion. */
export class Tags {
  constructor(
    private readonly database: QueryDatabaseService,
    private readonly traceql: TraceqlQueries,
  ) {}

  /**
   * Find the names of fields, by scope.
   *
   * @param scope empty for all
   * @throws TracestoreError
   */
  async names(scope: string, query: TagsQuery, signal: AbortSignal | undefined): Promise<readonly ScopeTags[]> {
    const { scopes, hasIntrinsics } = requestedScopes(scope);
    const filter = filterOfEditor(query.query);
    const keys =
      scopes.length === 0
        ? new Map<TagScope, readonly string[]>()
        : filter === undefined
          ? await findTagKeys(this.database, scopes, query, signal)
          : await this.namesOfMatches(textOfFilter(filter), query, signal);
    return [
      ...scopes.map((name) => ({ name, tags: (keys.get(name) ?? []).slice(0, query.limit) })),
      ...(hasIntrinsics ? [{ name: 'intrinsic' as const, tags: intrinsicTags }] : []),
    ];
  }

  /**
   * Find values of a field, in the order of their texts.
   *
   * @throws TracestoreError
   */
  async values(field: Field, query: TagsQuery, signal: AbortSignal | undefined): Promise<readonly TypedValue[]> {
    const keywords = field.node === 'intrinsic' ? keywordsOf(field.name) : undefined;
    if (keywords !== undefined) return keywords;
    const filter = filterOfEditor(query.query);
    const values =
      filter === undefined
        ? await this.valuesOfStore(field, query, signal)
        : await this.valuesOfMatches(groupedBy(filter, field), query, signal);
    return values.slice(0, query.limit);
  }

  private async namesOfMatches(
    query: string,
    { startNs, endNs }: TagRange,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<TagScope, readonly string[]>> {
    const limits = { limit: namedTraces, spansPerSpanSet: 100 };
    const { traces } = await this.traceql.search({ query, startNs, endNs, ...limits }, signal);
    const matched = new Map(
      traces.map(({ traceId, spanSets }) => [
        traceId,
        new Set(spanSets.flatMap(({ spans }) => spans.map(({ spanId }) => spanId))),
      ]),
    );
    const names = new Map<TagScope, Set<string>>();
    let read = 0;
    for await (const { traceId, spans } of getTraces(this.database, traces, signal)) {
      for (const span of spans) if (matched.get(traceId)?.has(span.spanId) === true) addNames(names, span);
      read += spans.length;
      if (read >= namedSpans) break;
    }
    return new Map([...names].map(([scope, keys]) => [scope, [...keys].toSorted()]));
  }

  private async valuesOfMatches(
    query: string,
    { startNs, endNs }: TagRange,
    signal: AbortSignal | undefined,
  ): Promise<readonly TypedValue[]> {
    const limits = { limit: valuedTraces, spansPerSpanSet: 1 };
    const { traces } = await this.traceql.search({ query, startNs, endNs, ...limits }, signal);
    const values = traces.flatMap(({ spanSets }) =>
      spanSets.flatMap(({ attributes }) =>
        attributes.filter(({ key }) => key.startsWith('by(')).flatMap((attribute) => typedValueOf(attribute)),
      ),
    );
    return sortedValues(values);
  }

  private async valuesOfStore(
    field: Field,
    query: TagsQuery,
    signal: AbortSignal | undefined,
  ): Promise<readonly TypedValue[]> {
    const name = field.node === 'intrinsic' || field.name !== 'service.name' ? field.name : 'rootServiceName';
    const isOfService = field.node === 'intrinsic' || field.scope === 'any' || field.scope === 'resource';
    if (isOfService && name === 'rootServiceName') return texts(await findServices(this.database, signal));
    if (field.node === 'attribute') {
      const scopes: readonly TagScope[] = field.scope === 'any' ? ['span', 'resource'] : [field.scope];
      return this.sampled(scopes, field.name, query, signal);
    }
    switch (field.name) {
      case 'name':
      case 'rootName':
        return texts((await findOperations(this.database, {}, signal)).map(({ spanName }) => spanName));
      case 'statusMessage':
      case 'event:name':
      case 'instrumentation:name':
      case 'instrumentation:version':
        return this.sampled([field.name], '', query, signal);
      default:
        // Numbers, durations and ids are not worth proposing.
        return [];
    }
  }

  private async sampled(
    fields: Parameters<typeof findTagValues>[1],
    key: string,
    query: TagsQuery,
    signal: AbortSignal | undefined,
  ): Promise<readonly TypedValue[]> {
    const values = await findTagValues(this.database, fields, key, query, signal);
    return values.map(({ type, text }) => ({ type, value: text }));
  }
}

function keywordsOf(name: string): readonly TypedValue[] | undefined {
  const words = name === 'status' ? spanStatuses : name === 'kind' ? spanKinds : undefined;
  return words?.map((value) => ({ type: 'keyword', value }));
}

function texts(values: readonly string[]): readonly TypedValue[] {
  return sortedValues(values.map((value) => ({ type: 'string', value })));
}

function sortedValues(values: readonly TypedValue[]): readonly TypedValue[] {
  const unique = new Map(values.map((value) => [`${value.type} ${value.value}`, value]));
  return [...unique.values()].toSorted((left, right) => (left.value < right.value ? -1 : 1));
}

/** @returns no value for a list and for nothing */
function typedValueOf({ value }: KeyValue): readonly TypedValue[] {
  const content = value?.value;
  switch (content?.case) {
    case 'stringValue':
      return [{ type: 'string', value: content.value }];
    case 'intValue':
      return [{ type: 'int', value: String(content.value) }];
    case 'doubleValue':
      return [{ type: 'float', value: String(content.value) }];
    case 'boolValue':
      return [{ type: 'bool', value: String(content.value) }];
    default:
      return [];
  }
}

function addNames(names: Map<TagScope, Set<string>>, span: TraceSpan): void {
  const add = (scope: TagScope, attributesJson: string): void => {
    if (attributesJson === '{}') return;
    const known = names.get(scope) ?? new Set();
    for (const key of Object.keys(JSON.parse(attributesJson) as object)) known.add(key);
    names.set(scope, known);
  };
  add('span', span.attributesJson);
  add('resource', span.resource.attributesJson);
  add('instrumentation', span.scope.attributesJson);
  for (const event of span.events) add('event', event.attributesJson);
  for (const link of span.links) add('link', link.attributesJson);
}
