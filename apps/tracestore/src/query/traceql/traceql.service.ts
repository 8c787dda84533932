import { Injectable } from '@nestjs/common';
import {
  type MetricsExpression,
  parseQuery,
  type Pipeline,
  type Query,
  simplifyQuery,
  TraceqlError,
} from '@spandrel/traceql';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { QueryDatabaseService } from '../query-database.service.js';
import { explainMetricsQuery, explainSearchQuery } from './explain.js';
import { queryMetrics } from './metrics.js';
import { requireSize } from './query-bounds.js';
import type {
  TraceqlExplained,
  TraceqlInstantQuery,
  TraceqlMetricsResult,
  TraceqlPlan,
  TraceqlQueries,
  TraceqlRangeQuery,
  TraceqlSearch,
  TraceqlSearchResult,
  TraceqlTraceFilter,
} from './results.js';
import { findMatchingSpans, searchTraces } from './search.js';

/** Answers queries in TraceQL from the store. */
@Injectable()
export class TraceqlService implements TraceqlQueries {
  constructor(private readonly database: QueryDatabaseService) {}

  /** Answer a search. @throws TracestoreError */
  async search(search: TraceqlSearch, signal?: AbortSignal): Promise<TraceqlSearchResult> {
    return searchTraces(this.database, readSearch(search.query), search, signal);
  }

  /** Answer a metrics query over a range. @throws TracestoreError */
  async metricsRange(range: TraceqlRangeQuery, signal?: AbortSignal): Promise<TraceqlMetricsResult> {
    const { query, grid, exemplars, maxSeries } = range;
    const secondsOfStep = Number(grid.stepNs) / 1e9;
    return queryMetrics(
      this.database,
      { query: readMetrics(query), grid, secondsOfStep, exemplars, maxSeries },
      signal,
    );
  }

  /** Answer a metrics query over one interval. @throws TracestoreError */
  async metricsInstant(instant: TraceqlInstantQuery, signal?: AbortSignal): Promise<TraceqlMetricsResult> {
    const { query, startNs, endNs, maxSeries } = instant;
    if (startNs >= endNs) throw new TracestoreError(errorKinds.invalid, 'start must be before end');
    // Both ends belong to the interval.
    const grid = { startNs: startNs - 1n, stepNs: endNs - startNs + 1n, count: 1 };
    const secondsOfStep = Number(endNs - startNs) / 1e9;
    return queryMetrics(
      this.database,
      { query: readMetrics(query), grid, secondsOfStep, exemplars: 0, maxSeries },
      signal,
    );
  }

  /** Explain what a query does. @throws TracestoreError `invalid` */
  explain(explained: TraceqlExplained): TraceqlPlan {
    return explained.kind === 'search'
      ? explainSearchQuery(readSearch(explained.query), explained)
      : explainMetricsQuery(readMetrics(explained.query), explained.grid);
  }

  /** The ids of the spans of one trace that a search finds. @throws TracestoreError */
  async matchingSpans({ query, traceId }: TraceqlTraceFilter, signal?: AbortSignal): Promise<readonly string[]> {
    return findMatchingSpans(this.database, readSearch(query), traceId, signal);
  }
}

/** Read a metrics query. @throws TracestoreError `invalid` */
function readMetrics(text: string): Query & { readonly body: MetricsExpression } {
  const query = readQuery(text);
  if (query.body.node === 'pipeline') throw new TracestoreError(errorKinds.invalid, 'not a metrics query');
  return { ...query, body: query.body };
}

/** Read a query, and compute its constants. @throws TracestoreError `invalid` */
export function readQuery(text: string): Query {
  try {
    return simplifyQuery(parseQuery(text));
  } catch (error) {
    if (error instanceof TraceqlError) throw new TracestoreError(errorKinds.invalid, error.message, { cause: error });
    throw error;
  }
}

function readSearch(text: string): Query & { readonly body: Pipeline } {
  const query = readQuery(text);
  if (query.body.node !== 'pipeline')
    throw new TracestoreError(errorKinds.invalid, 'the query is one of metrics, not a search');
  requireSize(query.body);
  return { ...query, body: query.body };
}
