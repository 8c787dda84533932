import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type MetadataMetrics,
  MetadataMetricsSchema,
  PartialStatus,
  type QueryInstantResponse,
  QueryInstantResponseSchema,
  type QueryRangeResponse,
  QueryRangeResponseSchema,
  type SearchMetrics,
  SearchMetricsSchema,
  type SearchResponse,
  SearchResponseSchema,
  type SpanSetSchema,
  type TraceSearchMetadataSchema,
} from '../gen/tempopb/tempo_pb.js';
import type {
  TraceqlInspected,
  TraceqlMetricsResult,
  TraceqlSearchResult,
  TraceqlSpanSet,
  TraceqlTrace,
} from '../query/traceql/results.js';

/*
 * Results of queries in the messages of Tempo. Grafana 13 parses their JSON strictly: a name that it does not know, or a number
 * where it expects a text, is an error.
 */

/** Grafana shows this text as the name of a trace without a root. */
const noRoot = '<root span not yet received>';

const maxUint32 = 0xffff_ffff;
const nsPerMs = 1_000_000n;

export function searchResponse({ traces, inspected }: TraceqlSearchResult): SearchResponse {
  return create(SearchResponseSchema, { traces: traces.map(traceMetadata), metrics: searchMetrics(inspected) });
}

function traceMetadata(trace: TraceqlTrace): MessageInitShape<typeof TraceSearchMetadataSchema> {
  const spanSets = trace.spanSets.map(spanSet);
  return {
    traceID: trace.traceId.replace(/^0+/, ''),
    rootServiceName: trace.root?.serviceName ?? noRoot,
    rootTraceName: trace.root?.spanName ?? '',
    startTimeUnixNano: uint64(trace.startNs),
    durationMs: uint32(trace.durationNs / nsPerMs),
    // Grafana shows this one alone if it is there, so it must not stand for several.
    ...(spanSets.length === 1 && { spanSet: spanSets[0] }),
    spanSets,
    serviceStats: Object.fromEntries(
      trace.services.map(({ name, spanCount, errorCount }) => [
        name,
        { spanCount: uint32(spanCount), errorCount: uint32(errorCount) },
      ]),
    ),
  };
}

function spanSet({ spans, matched, attributes }: TraceqlSpanSet): MessageInitShape<typeof SpanSetSchema> {
  return {
    spans: spans.map((span) => ({
      spanID: span.spanId,
      name: span.name ?? '',
      startTimeUnixNano: uint64(span.startNs),
      durationNanos: uint64(span.durationNs),
      attributes: [...span.attributes],
    })),
    matched: uint32(matched),
    attributes: [...attributes],
  };
}

/** @param maxSeries as requested, 0 for the limit of the server */
export function rangeResponse(result: TraceqlMetricsResult, maxSeries: number): QueryRangeResponse {
  return create(QueryRangeResponseSchema, {
    series: result.series.map(({ labels, samples, exemplars }) => ({
      labels: [...labels],
      samples: samples.map(({ timestampMs, value }) => ({ timestampMs: BigInt(timestampMs), value })),
      exemplars: exemplars.map((exemplar) => ({
        labels: [...exemplar.labels],
        value: exemplar.value,
        timestampMs: BigInt(exemplar.timestampMs),
      })),
    })),
    ...endOfMetrics(result, maxSeries),
  });
}

/** @param maxSeries as requested, 0 for the limit of the server */
export function instantResponse(result: TraceqlMetricsResult, maxSeries: number): QueryInstantResponse {
  return create(QueryInstantResponseSchema, {
    series: result.series.flatMap(({ labels, samples: [sample] }) =>
      sample === undefined ? [] : [{ labels: [...labels], value: sample.value }],
    ),
    ...endOfMetrics(result, maxSeries),
  });
}

function endOfMetrics({ isPartial, series }: TraceqlMetricsResult, maxSeries: number) {
  return {
    metrics: searchMetrics(),
    status: isPartial ? PartialStatus.PARTIAL : PartialStatus.COMPLETE,
    message: isPartial
      ? `Response exceeds maximum series limit of ${maxSeries || series.length}, a partial response is returned. Use a query with fewer series, such as one with topk().`
      : '',
  };
}

/** One job that is complete, which is the progress that Grafana shows. */
function searchMetrics({ traces, spans }: TraceqlInspected = { traces: 0, spans: 0 }): SearchMetrics {
  return create(SearchMetricsSchema, {
    inspectedTraces: uint32(traces),
    inspectedSpans: BigInt(spans),
    completedJobs: 1,
    totalJobs: 1,
  });
}

/** The same for names and values. */
export function metadataMetrics(): MetadataMetrics {
  return create(MetadataMetricsSchema, { completedJobs: 1, totalJobs: 1 });
}

function uint32(value: number | bigint): number {
  return Math.min(Math.max(Number(value), 0), maxUint32);
}

function uint64(value: bigint): bigint {
  return value < 0n ? 0n : value;
}
