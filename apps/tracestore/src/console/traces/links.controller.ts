import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type LinkPatternsResponse,
  linkPatternsResponse,
  type LinksQuery,
  linksQuery,
  type LinksResponse,
  linksResponse,
  type SpanParameters,
  spanParameters,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { findSpanLinks } from './span-links.js';

/** Links between spans, and links of spans to other tools. */
@ApiTags('traces')
@Controller('api')
export class LinksController {
  constructor(
    private readonly database: QueryDatabaseService,
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
  ) {}

  /** The spans that a span links to, and those that link to it: the latter from 1 h before its start to 24 h after it. */
  @Get('traces/:traceId/spans/:spanId/links')
  @ApiResponse({ status: 200, description: 'at most 100 spans of each direction', standardSchema: linksResponse })
  async links(
    @Param({ schema: spanParameters }) { traceId, spanId }: SpanParameters,
    @Query({ schema: linksQuery }) { start }: LinksQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<LinksResponse> {
    return findSpanLinks(this.database, { traceId, spanId }, BigInt(start), signal);
  }

  /** The patterns of TRACESTORE_LINK_PATTERNS, by which the console links spans and attributes to other tools. */
  @Get('link-patterns')
  @ApiResponse({ status: 200, description: 'in the configured order', standardSchema: linkPatternsResponse })
  patterns(): LinkPatternsResponse {
    return { patterns: [...this.config.console.linkPatterns] };
  }
}
