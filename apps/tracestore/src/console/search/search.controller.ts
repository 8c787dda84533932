import { Controller, Get, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  nanoOf,
  type SearchResponse,
  searchResponse,
  type SearchQuery,
  searchQuery,
  type SpansQuery,
  spansQuery,
  type SpansResponse,
  spansResponse,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { findSpans, type FoundSpan } from '../../query/find-spans/find-spans.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { searchTraces } from '../../query/search-traces/search-traces.js';
import { summarizeTraces, type TraceSummary } from '../../query/summarize-traces/summarize-traces.js';
import { filterOf, traceConditionsOf } from './search-filter.js';
import { inOrder } from './summary-order.js';
import { unknownNames } from './unknown-names.js';

/** Finds traces and spans. */
@ApiTags('traces')
@Controller('api')
export class SearchController {
  constructor(private readonly database: QueryDatabaseService) {}

  /** A page of summaries of the traces that start in the time range and have a span that meets every condition. */
  @Get('traces')
  @ApiResponse({ status: 200, description: 'in the requested order', standardSchema: searchResponse })
  async search(
    @Query({ schema: searchQuery }) query: SearchQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<SearchResponse> {
    const { order, limit, cursor } = query;
    const { traceIds, nextCursor, searchedFromUnixNano } = await searchTraces(
      this.database,
      { ...traceConditionsOf(query), order, limit, cursor },
      signal,
    );
    const summaries = await summarizeTraces(this.database, traceIds, signal);
    return {
      traces: inOrder(summaries, order).map(summaryOf),
      nextCursor: nextCursor ?? null,
      searchedFromUnixNano: searchedFromUnixNano === undefined ? null : String(searchedFromUnixNano),
      unknown: await this.unknown(query, traceIds.length, signal),
    };
  }

  /** A page of the spans that start in the time range and meet every condition. */
  @Get('spans')
  @ApiResponse({ status: 200, description: 'in the requested order', standardSchema: spansResponse })
  async spans(
    @Query({ schema: spansQuery }) query: SpansQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<SpansResponse> {
    const { from, to, order, limit, cursor, column } = query;
    const { spans, nextCursor, searchedFromUnixNano } = await findSpans(
      this.database,
      {
        filter: filterOf(query),
        startTimeMinUnixNano: nanoOf(from),
        startTimeMaxUnixNano: nanoOf(to),
        order,
        limit,
        cursor,
        attributeKeys: column,
      },
      signal,
    );
    return {
      spans: spans.map(foundSpanOf),
      nextCursor: nextCursor ?? null,
      searchedFromUnixNano: searchedFromUnixNano === undefined ? null : String(searchedFromUnixNano),
      unknown: await this.unknown(query, spans.length, signal),
    };
  }

  private async unknown(query: SearchQuery | SpansQuery, found: number, signal: AbortSignal) {
    return found > 0 || query.cursor !== undefined ? [] : unknownNames(this.database, query, signal);
  }
}

function foundSpanOf(span: FoundSpan): SpansResponse['spans'][number] {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId === '' ? null : span.parentSpanId,
    service: span.serviceName,
    name: span.spanName,
    kind: span.kind,
    startTimeUnixNano: String(span.startTimeUnixNano),
    durationNs: Number(span.durationNs),
    status: span.statusCode,
    statusMessage: span.statusMessage,
    attributes: span.attributeTexts.map((text) => text ?? null),
  };
}

function summaryOf(summary: TraceSummary): SearchResponse['traces'][number] {
  const { traceId, root, firstSpan, startTimeUnixNano, endTimeUnixNano, spanCount, errorCount, orphanCount, services } =
    summary;
  return {
    traceId,
    root: root === undefined ? null : { service: root.serviceName, operation: root.spanName },
    firstSpan: { service: firstSpan.serviceName, operation: firstSpan.spanName },
    startTimeUnixNano: String(startTimeUnixNano),
    durationNs: Math.max(0, Number(endTimeUnixNano - startTimeUnixNano)),
    spans: spanCount,
    errors: errorCount,
    orphans: orphanCount,
    services: services.map((service) => ({
      name: service.name,
      spans: service.spanCount,
      errors: service.errorCount,
    })),
  };
}
