import { Controller, Get, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { nanoOf, type SearchResponse, searchResponse, type SearchQuery, searchQuery } from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { findTraces } from '../../query/find-traces/find-traces.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { summarizeTraces, type TraceSummary } from '../../query/summarize-traces/summarize-traces.js';
import { filterOf } from './search-filter.js';

/** Finds traces. */
@ApiTags('traces')
@Controller('api')
export class SearchController {
  constructor(private readonly database: QueryDatabaseService) {}

  /** A page of summaries of the traces with a span that matches every condition. */
  @Get('traces')
  @ApiResponse({ status: 200, description: 'in the requested order', standardSchema: searchResponse })
  async search(
    @Query({ schema: searchQuery }) query: SearchQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<SearchResponse> {
    const { from, to, order, limit, cursor } = query;
    const { traces, nextCursor } = await findTraces(
      this.database,
      {
        filter: filterOf(query),
        startTimeMinUnixNano: nanoOf(from),
        startTimeMaxUnixNano: nanoOf(to),
        order,
        limit,
        cursor,
      },
      signal,
    );
    const summaries = await summarizeTraces(
      this.database,
      traces.map(({ traceId }) => traceId),
      signal,
    );
    return { traces: summaries.map(summaryOf), nextCursor: nextCursor ?? null };
  }
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
