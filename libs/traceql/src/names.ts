/** The words of TraceQL: scopes, intrinsics, statuses and kinds. */

export type AttributeScope = 'any' | 'span' | 'resource' | 'event' | 'link' | 'instrumentation';

/** Written before the name of an attribute, with a dot. */
export const attributeScopes: ReadonlyMap<string, AttributeScope> = new Map([
  ['span', 'span'],
  ['resource', 'resource'],
  ['event', 'event'],
  ['link', 'link'],
  ['instrumentation', 'instrumentation'],
]);

export type SpanStatus = 'error' | 'ok' | 'unset';
export type SpanKind = 'unspecified' | 'internal' | 'client' | 'server' | 'producer' | 'consumer';

export const spanStatuses: readonly SpanStatus[] = ['error', 'ok', 'unset'];
export const spanKinds: readonly SpanKind[] = ['unspecified', 'internal', 'client', 'server', 'producer', 'consumer'];

/** What an expression evaluates to. `attribute`: known only when a span is there. */
export type ValueType = 'nil' | 'int' | 'float' | 'duration' | 'string' | 'bool' | 'status' | 'kind' | 'attribute';

/** Intrinsics by their canonical name, which labels and messages use, with their type. */
export const intrinsicTypes = {
  duration: 'duration',
  name: 'string',
  status: 'status',
  statusMessage: 'string',
  kind: 'kind',
  traceDuration: 'duration',
  rootName: 'string',
  rootServiceName: 'string',
  nestedSetLeft: 'int',
  nestedSetRight: 'int',
  nestedSetParent: 'int',
  parent: 'nil',
  'trace:id': 'string',
  'span:id': 'string',
  'span:parentID': 'string',
  'span:childCount': 'int',
  'event:name': 'string',
  'event:timeSinceStart': 'duration',
  'link:traceID': 'string',
  'link:spanID': 'string',
  'instrumentation:name': 'attribute',
  'instrumentation:version': 'attribute',
} as const satisfies Readonly<Record<string, ValueType>>;

export type IntrinsicName = keyof typeof intrinsicTypes;

/** Intrinsics that are written without a scope. */
export const bareIntrinsics: ReadonlySet<string> = new Set<IntrinsicName>([
  'duration',
  'name',
  'status',
  'statusMessage',
  'kind',
  'traceDuration',
  'rootName',
  'rootServiceName',
  'nestedSetLeft',
  'nestedSetRight',
  'nestedSetParent',
  'parent',
]);

/** What may follow `scope:`, in the order in which messages list it, with the canonical name. */
export const scopedIntrinsics: Readonly<Record<string, Readonly<Record<string, IntrinsicName>>>> = {
  trace: { duration: 'traceDuration', rootName: 'rootName', rootService: 'rootServiceName', id: 'trace:id' },
  span: {
    duration: 'duration',
    childCount: 'span:childCount',
    name: 'name',
    status: 'status',
    statusMessage: 'statusMessage',
    kind: 'kind',
    id: 'span:id',
    parentID: 'span:parentID',
  },
  event: { name: 'event:name', timeSinceStart: 'event:timeSinceStart' },
  link: { traceID: 'link:traceID', spanID: 'link:spanID' },
  instrumentation: { name: 'instrumentation:name', version: 'instrumentation:version' },
};

/** Words that are not identifiers, and that hints must not have as names. */
export const keywords: ReadonlySet<string> = new Set([
  ...bareIntrinsics,
  ...Object.values(scopedIntrinsics).flatMap((names) => Object.keys(names)),
  ...spanStatuses,
  ...spanKinds,
  ...'true false nil minInt maxInt with by coalesce select'.split(' '),
  ...'count avg max min sum rate count_over_time min_over_time max_over_time'.split(' '),
  ...'avg_over_time sum_over_time quantile_over_time histogram_over_time compare topk bottomk'.split(' '),
]);
