import { Controller, Get, Header, Inject, Param, Query, Res, UseInterceptors } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type MatchesAnswer,
  matchesAnswer,
  type MatchesQuery,
  matchesQuery,
  nanoOf,
  spanDetailsAnswer,
  type SpanParameters,
  spanParameters,
  type SpanQuery,
  spanQuery,
  type TraceParameters,
  traceParameters,
  waterfall,
} from '@spandrel/console-api';
import { ClientSignal, Problem, sendJsonParts } from '@spandrel/service';
import type { FastifyReply } from 'fastify';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { QueryProblemInterceptor } from '../query-problem.interceptor.js';
import { exportTrace, findMatches, readSpans, readWaterfall, spanJson } from './read-trace.js';

const unknownTrace = { code: 'unknown-trace', status: 404, title: 'The trace is not here' } as const;
const unknownSpan = { code: 'unknown-span', status: 404, title: 'The span is not here' } as const;
const json = 'application/json; charset=utf-8';

/** One trace, and what is in it. */
@ApiTags('traces')
@Controller('api/traces/:traceId')
@UseInterceptors(QueryProblemInterceptor)
export class TracesController {
  constructor(@Inject(QueryDatabaseService) private readonly database: QueryDatabaseService) {}

  /** All spans of a trace, as a waterfall needs them: small, in columns, without attributes. */
  @Get()
  @Header('content-type', json)
  @ApiResponse({ status: 200, description: 'in columns', standardSchema: waterfall })
  @ApiResponse({ status: 404, description: 'The trace is not stored, or not any more' })
  async trace(
    @Param({ schema: traceParameters }) { traceId }: TraceParameters,
    @ClientSignal() signal: AbortSignal,
  ): Promise<string> {
    const answer = await readWaterfall(this.database, traceId, signal);
    if (answer === undefined) throw notHere(traceId);
    return answer;
  }

  /** The spans of a trace that have a text in a name, an attribute or an event. */
  @Get('matches')
  @ApiResponse({ status: 200, description: 'by their starts', standardSchema: matchesAnswer })
  async matches(
    @Param({ schema: traceParameters }) { traceId }: TraceParameters,
    @Query({ schema: matchesQuery }) { text }: MatchesQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<MatchesAnswer> {
    return { spanIds: [...(await findMatches(this.database, traceId, text, signal))] };
  }

  /** A trace as a document of OTLP/JSON, as receivers take it. */
  @Get('otlp')
  @ApiResponse({ status: 200, description: "OTLP's TracesData; without spans where the trace is not known" })
  async otlp(
    @Param({ schema: traceParameters }) { traceId }: TraceParameters,
    @ClientSignal() signal: AbortSignal,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendJsonParts(reply, exportTrace(this.database, traceId, signal));
  }

  /** A span with its attributes, events, links, resource and scope. */
  @Get('spans/:spanId')
  @Header('content-type', json)
  @ApiResponse({ status: 200, description: 'all there is of it', standardSchema: spanDetailsAnswer })
  @ApiResponse({ status: 404, description: 'The trace has no such span, or not in that time' })
  async span(
    @Param({ schema: spanParameters }) ids: SpanParameters,
    @Query({ schema: spanQuery }) { from, to }: SpanQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<string> {
    const traceId = ids.traceId.toLowerCase();
    const spanId = ids.spanId.toLowerCase();
    const spans = await readSpans(this.database, { traceId, spanId }, { from: nanoOf(from), to: nanoOf(to) }, signal);
    if (spans.length === 0) throw new Problem(unknownSpan, `There is no span ${spanId} in trace ${traceId}`);
    return `{"spans":[${spans.map((span) => spanJson(traceId, span)).join(',')}]}`;
  }
}

function notHere(traceId: string): Problem {
  return new Problem(
    unknownTrace,
    `There are no spans of trace ${traceId}: its time is over, or they are still on their way`,
  );
}
