import { nanosecondsOf, shortIdOf, TraceFileError } from '@spandrel/trace-files';
import type { SpanDetails } from '../api/types.ts';

/*
 * Spans in Zipkin's JSON, version 2: a list of spans, times in microseconds. Fields without an equal become attributes, by the
 * rules of OpenTelemetry's Zipkin receiver.
 */

interface ZipkinEndpoint {
  readonly serviceName?: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly port?: number;
}
export interface ZipkinSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly name?: string;
  readonly kind?: string;
  readonly timestamp?: number | bigint;
  readonly duration?: number | bigint;
  /** The server's half of a span that client and server report with one id. */
  readonly shared?: boolean;
  readonly localEndpoint?: ZipkinEndpoint;
  readonly remoteEndpoint?: ZipkinEndpoint;
  readonly annotations?: readonly { readonly timestamp?: number | bigint; readonly value?: string }[];
  readonly tags?: Readonly<Record<string, string>>;
}

const kinds: ReadonlyMap<string | undefined, number> = new Map([
  ['SERVER', 2],
  ['CLIENT', 3],
  ['PRODUCER', 4],
  ['CONSUMER', 5],
]);

/** Tags that hold fields of OTLP. */
const fieldTags: ReadonlySet<string> = new Set([
  'otel.status_code',
  'otel.scope.name',
  'otel.scope.version',
  'w3c.tracestate',
]);

/** Whether a value is a span of Zipkin. */
export function isZipkinSpan(value: unknown): value is ZipkinSpan {
  return typeof value === 'object' && value !== null && 'traceId' in value && 'id' in value;
}

/**
 * Convert the spans of a file. The two halves of a shared span become parent and child.
 *
 * @throws TraceFileError if the spans are of version 1, or an id is not hexadecimal
 */
export function spansOfZipkin(spans: readonly ZipkinSpan[]): readonly SpanDetails[] {
  if (spans.some((span) => 'binaryAnnotations' in span || span.annotations?.some((each) => 'endpoint' in each))) {
    throw new TraceFileError('it has Zipkin JSON of version 1; export version 2 (/api/v2/trace/ID)');
  }
  const idsOf = (span: ZipkinSpan): readonly [string, string] => [
    shortIdOf(span.traceId, 32, 'traceId'),
    shortIdOf(span.id, 16, 'id'),
  ];
  const keyOf = (traceId: string, id: string, service: string): string => JSON.stringify([traceId, id, service]);
  const present = new Set(spans.filter(({ shared }) => shared !== true).map((span) => idsOf(span).join(' ')));
  /** The ids of the servers' halves, by trace, shared id and service. */
  const halves = new Map(
    spans
      .filter((span) => span.shared === true && present.has(idsOf(span).join(' ')))
      .map((span) => {
        const [traceId, id] = idsOf(span);
        return [keyOf(traceId, id, serviceOf(span)), otherId(id)] as const;
      }),
  );
  return spans.map((span) => {
    const [traceId, id] = idsOf(span);
    const half = span.shared === true ? halves.get(keyOf(traceId, id, serviceOf(span))) : undefined;
    const parentId = (span.parentId ?? '') === '' ? null : shortIdOf(span.parentId, 16, 'parentId');
    const parentSpanId =
      half === undefined ? (halves.get(keyOf(traceId, parentId ?? '', serviceOf(span))) ?? parentId) : id;
    return spanOf(span, traceId, half ?? id, parentSpanId);
  });
}

function spanOf(span: ZipkinSpan, traceId: string, spanId: string, parentSpanId: string | null): SpanDetails {
  const { tags = {}, localEndpoint = {}, remoteEndpoint = {} } = span;
  const startNs = nanosecondsOf(span.timestamp ?? span.annotations?.[0]?.timestamp);
  const error = tags['error'];
  const statusCode =
    error !== undefined || tags['otel.status_code'] === 'ERROR' ? 2 : tags['otel.status_code'] === 'OK' ? 1 : 0;
  const isMessage = error !== undefined && error !== '' && error !== 'true';
  return {
    traceId,
    spanId,
    parentSpanId,
    service: serviceOf(span),
    name: span.name ?? '',
    kind: kinds.get(span.kind) ?? 0,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + nanosecondsOf(span.duration)),
    traceState: tags['w3c.tracestate'] ?? '',
    flags: 0,
    status: { code: statusCode, message: isMessage ? error : '' },
    attributes: Object.fromEntries([
      ...Object.entries(tags).filter(([key]) => !fieldTags.has(key) && key !== 'error'),
      ...entryOf('peer.service', remoteEndpoint.serviceName),
      ...entryOf('net.peer.ip', remoteEndpoint.ipv4 ?? remoteEndpoint.ipv6),
      ...entryOf('net.peer.port', remoteEndpoint.port),
    ]),
    droppedAttributes: 0,
    events: (span.annotations ?? []).map(({ timestamp, value }) => ({
      timeUnixNano: String(nanosecondsOf(timestamp)),
      name: value ?? '',
      attributes: {},
      droppedAttributes: 0,
    })),
    droppedEvents: 0,
    links: [],
    droppedLinks: 0,
    resource: {
      attributes: Object.fromEntries([
        ['service.name', serviceOf(span)],
        ...entryOf('net.host.ip', localEndpoint.ipv4 ?? localEndpoint.ipv6),
        ...entryOf('net.host.port', localEndpoint.port),
      ]),
      droppedAttributes: 0,
      schemaUrl: '',
    },
    scope: {
      name: tags['otel.scope.name'] ?? '',
      version: tags['otel.scope.version'] ?? '',
      attributes: {},
      droppedAttributes: 0,
      schemaUrl: '',
    },
  };
}

function serviceOf({ localEndpoint }: ZipkinSpan): string {
  const name = localEndpoint?.serviceName ?? '';
  return name === '' ? 'unknown_service' : name;
}

function entryOf(key: string, value: string | number | undefined): readonly (readonly [string, string | number])[] {
  return value === undefined || value === '' || value === 0 ? [] : [[key, value]];
}

/** Another id for the second half of a shared span: the first with its highest bit inverted. */
function otherId(id: string): string {
  return `${(Number.parseInt(id.slice(0, 1), 16) ^ 8).toString(16)}${id.slice(1)}`;
}
