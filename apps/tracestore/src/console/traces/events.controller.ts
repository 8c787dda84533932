import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type EventsQuery,
  eventsQuery,
  eventsResponse,
  type TraceParameters,
  traceParameters,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { readTraceEvents } from './trace-events.js';

/** The events of a trace. */
@ApiTags('traces')
@Controller('api/traces/:traceId/events')
export class EventsController {
  constructor(private readonly database: QueryDatabaseService) {}

  /** A page of the events of all spans of a trace, in the order of time. */
  @Get()
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiResponse({ status: 200, description: 'in the order of time', standardSchema: eventsResponse })
  async events(
    @Param({ schema: traceParameters }) { traceId }: TraceParameters,
    @Query({ schema: eventsQuery }) query: EventsQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<string> {
    return readTraceEvents(this.database, traceId, query, signal);
  }
}
