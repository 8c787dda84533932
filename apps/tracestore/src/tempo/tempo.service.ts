import { create } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import { spanStatuses, TraceqlError } from '@spandrel/traceql';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import {
  type QueryInstantRequest,
  type QueryInstantResponse,
  type QueryRangeRequest,
  type QueryRangeResponse,
  type SearchRequest,
  type SearchResponse,
  type SearchTagsRequest,
  type SearchTagsResponse,
  SearchTagsResponseSchema,
  type SearchTagsV2Response,
  SearchTagsV2ResponseSchema,
  type SearchTagValuesRequest,
  type SearchTagValuesResponse,
  SearchTagValuesResponseSchema,
  type SearchTagValuesV2Response,
  SearchTagValuesV2ResponseSchema,
} from '../gen/tempopb/tempo_pb.js';
import { limits } from '../limits.js';
import { QueryDatabaseService } from '../query/query-database.service.js';
import { defaultStepNs, gridOf } from '../query/traceql/grid.js';
import type { TraceqlPlan, TraceqlSource } from '../query/traceql/results.js';
import { TraceqlService } from '../query/traceql/traceql.service.js';
import { instantResponse, metadataMetrics, rangeResponse, searchResponse } from './answers.js';
import { queryOfTags } from './older-search.js';
import { isMetricsQuery } from './query-kind.js';
import { fieldOfIdentifier, fieldOfName } from './tag-names.js';
import { Tags, type TagsQuery } from './tags.js';

const nsPerS = 1_000_000_000n;

/** Tempo's numbers where a request does not state them. */
const defaultTraces = 20;
const defaultSpans = 3;
const defaultNames = 5_000;

/** The range of a metrics query that states no start. */
const defaultRangeNs = 3_600n * nsPerS;

/** A response, and what Tempo's messages have no field for. */
export interface Paged<Message> {
  readonly message: Message;
  /** Of the next page; undefined when there is none. */
  readonly nextCursor: string | undefined;
}

/** The same of a metrics query. */
export interface Sourced<Message> {
  readonly message: Message;
  readonly source: TraceqlSource;
  /** Whether the numbers are exact: aggregates count a few spans in the interval or the bucket beside theirs. */
  readonly isExact: boolean;
}

/** A query to explain. */
export interface ExplainRequest {
  readonly query: string;
  /** Of a search. */
  readonly limit: number;
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  /** Of a metrics query. */
  readonly stepNs: bigint | undefined;
}

/**
 * Answers the requests of Tempo's API, which has them in three protocols: HTTP, gRPC and MCP. Requests are Tempo's messages, in
 * which 0 and an empty text stand for what is not stated.
 *
 * Every method rejects with a `TracestoreError`.
 */
@Injectable()
export class TempoService {
  private readonly tags: Tags;

  constructor(
    database: QueryDatabaseService,
    private readonly traceql: TraceqlService,
  ) {
    this.tags = new Tags(database, traceql);
  }

  /** @param cursor of the page to return */
  async search(request: SearchRequest, signal?: AbortSignal, cursor?: string): Promise<Paged<SearchResponse>> {
    const { Query: query, Limit: limit, SpansPerSpanSet: spans } = request;
    const older = queryOfTags(request);
    if (query !== '' && older !== undefined) {
      throw invalid('q must not be combined with tags, minDuration and maxDuration');
    }
    const { nextCursor, ...result } = await inTempoWords(
      this.traceql.search(
        {
          query: query || older || '{}',
          ...rangeOf(request),
          limit: within('limit', limit || defaultTraces, limits.tempoTraces.value),
          spansPerSpanSet: within('spss', spans || defaultSpans, limits.tempoSpans.value),
          cursor,
        },
        signal,
      ),
    );
    return { message: searchResponse({ ...result, nextCursor }), nextCursor };
  }

  /** Names without scopes; intrinsics only when they are requested. */
  async tagNames(request: SearchTagsRequest, signal?: AbortSignal): Promise<SearchTagsResponse> {
    const scope = request.scope === '' ? 'none' : request.scope;
    const scopes = await this.tags.names(scope, tagsQueryOf(request, request.maxTagsPerScope), signal);
    const tagNames = [...new Set(scopes.flatMap(({ tags }) => tags))].toSorted();
    return create(SearchTagsResponseSchema, { tagNames, metrics: metadataMetrics() });
  }

  async tagNamesByScope(request: SearchTagsRequest, signal?: AbortSignal): Promise<SearchTagsV2Response> {
    const scopes = await this.tags.names(request.scope, tagsQueryOf(request, request.maxTagsPerScope), signal);
    return create(SearchTagsV2ResponseSchema, {
      scopes: scopes.map(({ name, tags }) => ({ name, tags: [...tags] })),
      metrics: metadataMetrics(),
    });
  }

  async tagValues(request: SearchTagValuesRequest, signal?: AbortSignal): Promise<SearchTagValuesResponse> {
    const values = fixedValues.get(request.tagName) ?? (await this.valuesOfName(request, signal));
    return create(SearchTagValuesResponseSchema, { tagValues: [...values], metrics: metadataMetrics() });
  }

  async typedTagValues(request: SearchTagValuesRequest, signal?: AbortSignal): Promise<SearchTagValuesV2Response> {
    const field = fieldOfIdentifier(request.tagName);
    const tagValues = await this.tags.values(field, tagsQueryOf(request, request.maxTagValues), signal);
    return create(SearchTagValuesV2ResponseSchema, { tagValues: [...tagValues], metrics: metadataMetrics() });
  }

  /** Times and the step are in nanoseconds. */
  async metricsRange(request: QueryRangeRequest, signal?: AbortSignal): Promise<Sourced<QueryRangeResponse>> {
    const { query, step, exemplars, maxSeries } = request;
    const { startNs, endNs } = metricsRangeOf(request);
    const result = await inTempoWords(
      this.traceql.metricsRange(
        {
          query,
          grid: gridOf(startNs, endNs, step === 0n ? defaultStepNs(startNs, endNs) : step),
          exemplars: Math.min(exemplars || limits.tempoExemplars.value, limits.tempoExemplars.value),
          maxSeries,
        },
        signal,
      ),
    );
    return { message: rangeResponse(result, maxSeries), source: result.source, isExact: result.isExact };
  }

  async metricsInstant(request: QueryInstantRequest, signal?: AbortSignal): Promise<Sourced<QueryInstantResponse>> {
    const { startNs, endNs } = metricsRangeOf(request);
    const { query } = request;
    const result = await inTempoWords(this.traceql.metricsInstant({ query, startNs, endNs, maxSeries: 0 }, signal));
    return { message: instantResponse(result, 0), source: result.source, isExact: result.isExact };
  }

  /** The plan of a search or of a metrics query. A range that is not stated is that of the request it stands for. */
  explain({ query, limit, startNs, endNs, stepNs }: ExplainRequest): TraceqlPlan {
    if (!isMetricsQuery(query)) {
      return this.traceql.explain({ kind: 'search', query, startNs, endNs, limit, spansPerSpanSet: defaultSpans });
    }
    const range = metricsRangeOf({ start: startNs ?? 0n, end: endNs ?? 0n });
    const grid = gridOf(range.startNs, range.endNs, stepNs ?? defaultStepNs(range.startNs, range.endNs));
    return this.traceql.explain({ kind: 'metrics', query, grid, exemplars: 0, maxSeries: 0 });
  }

  private async valuesOfName(
    request: SearchTagValuesRequest,
    signal: AbortSignal | undefined,
  ): Promise<readonly string[]> {
    const values = await this.tags.values(
      fieldOfName(request.tagName),
      tagsQueryOf(request, request.maxTagValues),
      signal,
    );
    return [...new Set(values.map(({ value }) => value))];
  }
}

/** Keys of the oldest search, which stand for a status. */
const fixedValues: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['status.code', spanStatuses],
  ['error', ['true']],
]);

/** The range of a search, from seconds; undefined for all times. */
function rangeOf({ start, end }: { readonly start: number; readonly end: number }): {
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
} {
  if (start === 0 && end === 0) return { startNs: undefined, endNs: undefined };
  if (start === 0 || end === 0) throw invalid('start and end must be stated both or neither');
  if (end <= start) throw invalid(`end must be after start, got start ${start} and end ${end}`);
  return { startNs: BigInt(start) * nsPerS, endNs: BigInt(end) * nsPerS };
}

function tagsQueryOf(
  request: { readonly query: string; readonly start: number; readonly end: number },
  limit: number,
): TagsQuery {
  return {
    query: request.query,
    ...rangeOf(request),
    limit: within('limit', limit || defaultNames, limits.tempoNames.value),
  };
}

function metricsRangeOf({ start, end }: { readonly start: bigint; readonly end: bigint }): {
  readonly startNs: bigint;
  readonly endNs: bigint;
} {
  const endNs = end === 0n ? BigInt(Date.now()) * 1_000_000n : end;
  const startNs = start === 0n ? endNs - defaultRangeNs : start;
  if (startNs >= endNs) throw invalid('start must be before end');
  return { startNs, endNs };
}

/** Says as Tempo does that a text is not TraceQL. */
async function inTempoWords<Result>(result: Promise<Result>): Promise<Result> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof TracestoreError && error.cause instanceof TraceqlError)) throw error;
    throw new TracestoreError(errorKinds.invalid, `invalid TraceQL query: ${error.cause.message}`, {
      cause: error.cause,
    });
  }
}

function within(name: string, value: number, most: number): number {
  if (value <= most) return value;
  throw invalid(`${name} must be at most ${most}, got ${value}`);
}

function invalid(problem: string): TracestoreError {
  return new TracestoreError(errorKinds.invalid, problem);
}
