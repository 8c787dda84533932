import { Controller, Get, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type FacetsQuery,
  facetsQuery,
  type FacetsResponse,
  facetsResponse,
  type HeatmapResponse,
  heatmapResponse,
  searchConditions,
  type SearchConditions,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { countFacets } from '../../query/facets/count-facets.js';
import { countTraces } from '../../query/heatmap/count-traces.js';
import { type Heatmap, lowerBoundsNs } from '../../query/heatmap/heatmap.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { traceConditionsOf } from './search-filter.js';

const nsPerMs = 1_000_000;

/** Counts all traces of a search: by time and duration, and by the values that their spans have. */
@ApiTags('traces')
@Controller('api')
export class HeatmapController {
  constructor(private readonly database: QueryDatabaseService) {}

  /** Counts all traces that match a search, by time and duration. */
  @Get('traces/heatmap')
  @ApiResponse({ status: 200, description: 'by column of time and row of durations', standardSchema: heatmapResponse })
  async heatmap(
    @Query({ schema: searchConditions }) query: SearchConditions,
    @ClientSignal() signal: AbortSignal,
  ): Promise<HeatmapResponse> {
    return heatmapOf(await countTraces(this.database, traceConditionsOf(query), signal));
  }

  /** The most frequent services, operations, kinds, statuses and values of keys among the spans that match a search. */
  @Get('traces/facets')
  @ApiResponse({ status: 200, description: 'the most frequent values first', standardSchema: facetsResponse })
  async facets(
    @Query({ schema: facetsQuery }) query: FacetsQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<FacetsResponse> {
    const { facets, ...counted } = await countFacets(
      this.database,
      { ...traceConditionsOf(query), keys: query.key },
      signal,
    );
    return {
      ...counted,
      facets: facets.map(({ key, values, ...facet }) => ({ ...facet, key: key ?? null, values: [...values] })),
    };
  }
}

function heatmapOf(heatmap: Heatmap): HeatmapResponse {
  const { source, share, spans, columns, cells } = heatmap;
  // Only the rows between the fastest and the slowest trace.
  const rows = cells.map(({ row }) => row);
  const firstRow = Math.min(...rows);
  const lastRow = Math.max(...rows);
  return {
    source,
    share,
    isComplete: share >= 1,
    spans,
    from: String(heatmap.startTimeMinUnixNano),
    to: String(heatmap.startTimeMaxUnixNano),
    firstUnixNano: String(heatmap.firstUnixNano),
    stepMs: Number(heatmap.stepNs) / nsPerMs,
    columns: columns.map(({ count, failed }) => [count, failed]),
    lowestNs: lowerBoundsNs[firstRow] ?? 0,
    rows: rows.length === 0 ? [] : lowerBoundsNs.slice(firstRow + 1, lastRow + 2),
    cells: cells.map(({ column, row, count }) => [column, row - firstRow, count]),
    total: columns.reduce((sum, { count }) => sum + count, 0),
    failed: columns.reduce((sum, { failed }) => sum + failed, 0),
  };
}
