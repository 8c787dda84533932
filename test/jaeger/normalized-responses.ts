/*
 * Normalises responses of the HTTP APIs of Jaeger: sorts unordered lists, removes defaults, and resolves references.
 */

export interface UiResponse {
  readonly data: unknown;
  readonly errors: readonly { readonly code: number; readonly msg: string }[] | null;
}

interface Tag {
  readonly key: string;
  readonly type: string;
  readonly value: unknown;
}

interface UiTrace {
  readonly traceID: string;
  readonly spans: readonly (Readonly<Record<string, unknown>> & {
    readonly spanID: string;
    readonly operationName: string;
    readonly processID: string;
    readonly tags: readonly Tag[];
    readonly logs: readonly { readonly timestamp: number; readonly fields: readonly Tag[] }[];
    readonly references: readonly object[];
  })[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags: readonly Tag[] }>>;
}

/** The traces of a v1 response by id. Each span has its process. */
export function uiTraces(body: unknown): unknown {
  const { data } = body as { readonly data: readonly UiTrace[] | null };
  return (data ?? [])
    .map(({ traceID, spans, processes }) => ({
      traceID,
      spans: bySorted(
        spans.map(({ processID, tags, logs, references, ...span }) => {
          const process = processes[processID];
          return {
            ...span,
            tags: bySorted(tags),
            logs: bySorted(logs.map(({ timestamp, fields }) => ({ timestamp, fields: bySorted(fields) }))),
            references: bySorted(references),
            process: { serviceName: process?.serviceName, tags: bySorted(process?.tags ?? []) },
          };
        }),
      ),
    }))
    .toSorted((left, right) => (left.traceID < right.traceID ? -1 : 1));
}

interface OtlpResponse {
  readonly result?: {
    readonly resourceSpans: readonly {
      readonly resource?: unknown;
      readonly schemaUrl?: string;
      readonly scopeSpans: readonly {
        readonly scope?: unknown;
        readonly schemaUrl?: string;
        readonly spans: readonly object[];
      }[];
    }[];
  };
}

/** The spans of a v3 response, each with its resource and scope. */
export function otlpSpans(body: unknown): unknown {
  const { result } = body as OtlpResponse;
  if (result === undefined) return body;
  return bySorted(
    result.resourceSpans.flatMap(({ resource, schemaUrl, scopeSpans }) =>
      scopeSpans.flatMap((scope) =>
        scope.spans.map((span) =>
          withoutDefaults({ span, resource, schemaUrl, scope: scope.scope, scopeSchemaUrl: scope.schemaUrl }),
        ),
      ),
    ),
  );
}

/** Also sorts lists of attributes. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) {
    const elements = value.map(withoutDefaults);
    const isAttributes = value.every((element) => typeof element === 'object' && element !== null && 'key' in element);
    return isAttributes ? bySorted(elements) : elements;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, member]) => [key, withoutDefaults(member)] as const)
    .filter(([key, member]) => !isDefault(key, member))
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries);
}

/** The member of a value gives its type, so it has no default. */
function isDefault(key: string, member: unknown): boolean {
  if (key.endsWith('Value')) return false;
  return (
    member === undefined ||
    member === '' ||
    member === 0 ||
    (typeof member === 'object' && member !== null && Object.keys(member).length === 0)
  );
}

function bySorted<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => [JSON.stringify(item), item] as const)
    .toSorted(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([, item]) => item);
}
