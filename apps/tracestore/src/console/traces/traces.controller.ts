import { Controller, Get, Header, Param, Query, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type GenAiQuery,
  genAiQuery,
  genAiResponse,
  type MatchesResponse,
  matchesResponse,
  type MatchesQuery,
  matchesQuery,
  nanoOf,
  type ProblemsResponse,
  problemsResponse,
  spanDetailsResponse,
  type SpanParameters,
  spanParameters,
  type SpanQuery,
  spanQuery,
  type TraceParameters,
  traceParameters,
  waterfall,
} from '@spandrel/console-api';
import { ClientSignal, sendJsonParts } from '@spandrel/service';
import type { FastifyReply } from 'fastify';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { parseCondition } from '../search/search-filter.js';
import { exportTrace, findAttributeMatches, findMatches, readSpans, readWaterfall, spanJson } from './read-trace.js';
import { readGenAi } from './read-gen-ai.js';
import { readProblems } from './read-problems.js';

const json = 'application/json; charset=utf-8';

/** One trace, and what is in it. */
@ApiTags('traces')
@Controller('api/traces/:traceId')
export class TracesController {
  constructor(private readonly database: QueryDatabaseService) {}

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

  /** Returns the problems of a trace: missing spans, clock skew, dropped data, repeated calls. */
  @Get('problems')
  @ApiResponse({ status: 200, description: 'empty for a good trace', standardSchema: problemsResponse })
  async problems(
    @Param({ schema: traceParameters }) { traceId }: TraceParameters,
    @ClientSignal() signal: AbortSignal,
  ): Promise<ProblemsResponse> {
    return { problems: await readProblems(this.database, traceId, signal) };
  }

  /** The spans of a trace that call generative AI models, agents and tools, with their gen_ai attributes. */
  @Get('gen-ai')
  @Header('content-type', json)
  @ApiResponse({ status: 200, description: 'in the order of their starts', standardSchema: genAiResponse })
  async genAi(
    @Param({ schema: traceParameters }) { traceId }: TraceParameters,
    @Query({ schema: genAiQuery }) { content }: GenAiQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<string> {
    return readGenAi(this.database, traceId, content === '1', signal);
  }

  /** The spans of a trace that have a text in a name, an attribute or an event, or that have an attribute; both if both are given. */
  @Get('matches')
  @ApiResponse({ status: 200, description: 'by their starts', standardSchema: matchesResponse })
  async matches(
    @Param({ schema: traceParameters }) { traceId }: TraceParameters,
    @Query({ schema: matchesQuery }) { text, attribute }: MatchesQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<MatchesResponse> {
    const ofText = text === undefined ? undefined : await findMatches(this.database, traceId, text, signal);
    if (attribute === undefined) return { spanIds: [...(ofText ?? [])] };
    const ofAttribute = await findAttributeMatches(this.database, traceId, equalityOf(attribute), signal);
    const both = ofText === undefined ? ofAttribute : ofAttribute.filter((id) => ofText.includes(id));
    return { spanIds: [...both] };
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
  @ApiResponse({
    status: 200,
    description: 'the span; several if they share the id',
    standardSchema: spanDetailsResponse,
  })
  @ApiResponse({ status: 404, description: 'The trace has no such span, or not in that time' })
  async span(
    @Param({ schema: spanParameters }) ids: SpanParameters,
    @Query({ schema: spanQuery }) { from, to }: SpanQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<string> {
    const traceId = ids.traceId.toLowerCase();
    const spanId = ids.spanId.toLowerCase();
    const spans = await readSpans(this.database, { traceId, spanId }, { from: nanoOf(from), to: nanoOf(to) }, signal);
    if (spans.length === 0) throw new TracestoreError(errorKinds.unknownSpan, `Trace ${traceId} has no span ${spanId}`);
    return `{"spans":[${spans.map((span) => spanJson(traceId, span)).join(',')}]}`;
  }
}

/** @throws TracestoreError `invalid` if the condition is not a key, or a key and a value with = between */
function equalityOf(attribute: string): { readonly key: string; readonly value: string | undefined } {
  const { key, operator, text } = parseCondition(attribute);
  if (operator === undefined) return { key, value: undefined };
  if (operator === '=') return { key, value: text };
  throw new TracestoreError(
    errorKinds.invalid,
    `attribute should be a key, or a key and a value with = between, but has ${operator}`,
  );
}

function notHere(traceId: string): TracestoreError {
  return new TracestoreError(
    errorKinds.unknownTrace,
    `No spans of trace ${traceId} are stored: their retention has passed, or they have not arrived yet`,
  );
}
