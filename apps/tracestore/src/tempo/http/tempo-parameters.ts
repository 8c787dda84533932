import { create } from '@bufbuild/protobuf';
import type { FastifyRequest } from 'fastify';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import {
  type QueryInstantRequest,
  QueryInstantRequestSchema,
  type QueryRangeRequest,
  QueryRangeRequestSchema,
  type SearchRequest,
  SearchRequestSchema,
  type SearchTagsRequest,
  SearchTagsRequestSchema,
  type SearchTagValuesRequest,
  SearchTagValuesRequestSchema,
} from '../../gen/tempopb/tempo_pb.js';
import { parseGoDuration, parseRfc3339 } from '../../protocols/go-text.js';
import { QueryParameters, quoted } from '../../protocols/query-parameters.js';
import { parseLogfmt } from '../older-search.js';

/*
 * The parameters of Tempo's URLs as the messages of its gRPC service, so that both protocols have one meaning.
 */

const nsPerS = 1_000_000_000n;
const nsPerMs = 1_000_000n;
const maxUint32 = 0xffff_ffffn;
const maxInt64 = 2n ** 63n - 1n;

const searchParameters: ReadonlySet<string> = new Set([
  'q',
  'tags',
  'minDuration',
  'maxDuration',
  'limit',
  'spss',
  'start',
  'end',
  'cursor',
]);

/** `GET /api/search`. @throws TracestoreError `invalid` */
export function searchRequestOf(request: FastifyRequest): SearchRequest {
  const parameters = new QueryParameters(request);
  const query = parameters.text('q');
  return create(SearchRequestSchema, {
    Query: query,
    Tags: tagsOf(parameters, query),
    MinDurationMs: milliseconds(parameters, 'minDuration'),
    MaxDurationMs: milliseconds(parameters, 'maxDuration'),
    Limit: positive(parameters, 'limit'),
    SpansPerSpanSet: count(parameters, 'spss') ?? 0,
    ...seconds(parameters),
  });
}

/** Without `q` and `tags`, the oldest Grafana has the tags as parameters. */
function tagsOf(parameters: QueryParameters, query: string): Readonly<Record<string, string>> {
  const text = parameters.text('tags');
  if (text === '') {
    const others = query === '' ? parameters.names.filter((name) => !searchParameters.has(name)) : [];
    return Object.fromEntries(others.map((name) => [name, parameters.text(name)]));
  }
  const tags = parseLogfmt(text);
  if (tags === undefined) throw invalid(`invalid tags: should be logfmt such as name=value, but is ${quoted(text)}`);
  return tags;
}

/** `GET /api/search/tags` and `GET /api/v2/search/tags`. @throws TracestoreError `invalid` */
export function tagsRequestOf(request: FastifyRequest): SearchTagsRequest {
  const parameters = new QueryParameters(request);
  return create(SearchTagsRequestSchema, {
    scope: parameters.text('scope'),
    query: parameters.text('q'),
    maxTagsPerScope: count(parameters, 'limit') ?? 0,
    ...seconds(parameters),
  });
}

/** `GET /api/search/tag/{name}/values` and its second version. @throws TracestoreError `invalid` */
export function tagValuesRequestOf(tagName: string, request: FastifyRequest): SearchTagValuesRequest {
  const parameters = new QueryParameters(request);
  return create(SearchTagValuesRequestSchema, {
    tagName,
    query: parameters.text('q'),
    maxTagValues: count(parameters, 'limit') ?? 0,
    ...seconds(parameters),
  });
}

/** `GET /api/metrics/query_range`. @throws TracestoreError `invalid` */
export function rangeRequestOf(request: FastifyRequest): QueryRangeRequest {
  const parameters = new QueryParameters(request);
  return create(QueryRangeRequestSchema, {
    query: queryText(parameters),
    ...metricsRange(parameters),
    step: step(parameters),
    exemplars: count(parameters, 'exemplars') ?? 0,
    maxSeries: count(parameters, 'maxSeries') ?? 0,
  });
}

/** `GET /api/metrics/query`. @throws TracestoreError `invalid` */
export function instantRequestOf(request: FastifyRequest): QueryInstantRequest {
  const parameters = new QueryParameters(request);
  return create(QueryInstantRequestSchema, { query: queryText(parameters), ...metricsRange(parameters) });
}

function queryText(parameters: QueryParameters): string {
  const query = parameters.text('q', 'query');
  if (query === '') throw invalid('missing parameter q: a TraceQL metrics query such as {} | rate()');
  return query;
}

/** Seconds; both are 0 if both are absent. */
function seconds(parameters: QueryParameters): { readonly start: number; readonly end: number } {
  const start = count(parameters, 'start');
  const end = count(parameters, 'end');
  if ((start === undefined) !== (end === undefined)) throw invalid('only one of start and end provided');
  if (start !== undefined && end !== undefined && end <= start) {
    throw invalid(`http parameter start must be before end. received start=${start} end=${end}`);
  }
  return { start: start ?? 0, end: end ?? 0 };
}

/** Nanoseconds; the end is now by default, and the start is `since` before the end. */
function metricsRange(parameters: QueryParameters): { readonly start: bigint; readonly end: bigint } {
  const end = time(parameters, 'end') ?? BigInt(Date.now()) * nsPerMs;
  const since = parameters.text('since');
  const sinceNs = since === '' ? 3_600n * nsPerS : parseGoDuration(since);
  if (sinceNs === undefined || sinceNs <= 0n) {
    throw invalid(`invalid since: should be a duration such as 30m, but is ${quoted(since)}`);
  }
  const start = time(parameters, 'start') ?? end - sinceNs;
  if (start >= end) throw invalid(`http parameter start must be before end. received start=${start} end=${end}`);
  return { start: start < 0n ? 0n : start, end };
}

/** Nanoseconds of a time in seconds, with a fraction or not, in nanoseconds if it has more than ten digits, or in RFC 3339. */
function time(parameters: QueryParameters, name: string): bigint | undefined {
  const text = parameters.text(name);
  if (text === '') return undefined;
  const [, whole = '', fraction = ''] = /^(\d{1,19})(?:\.(\d{1,9})\d{0,20})?$/.exec(text) ?? [];
  const isNanoseconds = whole.length > 10 && fraction === '';
  const value =
    whole === ''
      ? parseRfc3339(text)
      : isNanoseconds
        ? BigInt(whole)
        : BigInt(whole) * nsPerS + BigInt(fraction.padEnd(9, '0'));
  if (value === undefined || value < 0n || value > maxInt64) {
    throw invalid(`invalid ${name}: should be seconds, nanoseconds or a time in RFC 3339, but is ${quoted(text)}`);
  }
  return value;
}

/** Nanoseconds; 0 if it is absent. */
function step(parameters: QueryParameters): bigint {
  const text = parameters.text('step');
  if (text === '') return 0n;
  const [, whole = '', fraction = ''] = /^(\d{1,10})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  const value = whole === '' ? parseGoDuration(text) : BigInt(whole) * nsPerS + BigInt(fraction.padEnd(9, '0'));
  if (value !== undefined && value > 0n && value <= maxInt64) return value;
  throw invalid(`invalid step: should be a duration above 0 such as 15s, but is ${quoted(text)}`);
}

function milliseconds(parameters: QueryParameters, name: string): number {
  const text = parameters.text(name);
  if (text === '') return 0;
  const value = parseGoDuration(text);
  if (value === undefined || value <= 0n || value / nsPerMs > maxUint32) {
    throw invalid(`invalid ${name}: should be a duration such as 100ms, but is ${quoted(text)}`);
  }
  return Math.max(Number(value / nsPerMs), 1);
}

function positive(parameters: QueryParameters, name: string): number {
  const value = count(parameters, name);
  if (value === 0) throw invalid(`invalid ${name}: must be a positive number`);
  return value ?? 0;
}

/** An integer from 0 to 2^32 - 1. */
function count(parameters: QueryParameters, name: string): number | undefined {
  const text = parameters.text(name);
  if (text === '') return undefined;
  if (/^\d{1,10}$/.test(text) && BigInt(text) <= maxUint32) return Number(text);
  throw invalid(`invalid ${name}: should be a number from 0 to ${maxUint32}, but is ${quoted(text)}`);
}

function invalid(problem: string): TracestoreError {
  return new TracestoreError(errorKinds.invalid, problem);
}
