import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { abortSignalOf, sendParts } from '@spandrel/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { QueryParameters, quoted } from '../../protocols/query-parameters.js';
import { hexTraceId } from '../../protocols/trace-id.js';
import { getTraces } from '../../query/get-traces/get-traces.js';
import type { TraceChunk } from '../../query/get-traces/trace-span.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { TraceqlService } from '../../query/traceql/traceql.service.js';
import { llmTrace } from '../traces/llm-trace.js';
import { onlySpans, withRelatives } from '../traces/span-filter.js';
import { jsonTrace, jsonTraceById, protobufTrace, protobufTraceById } from '../traces/trace-forms.js';

const protobufType = 'application/protobuf';
const llmType = 'application/vnd.grafana.llm';

/** Traces by id, in both versions of Tempo's API. A trace is sent while it is read, so it has no maximum size. */
@ApiExcludeController()
@Controller('tempo/api')
export class TempoTracesController {
  constructor(
    private readonly database: QueryDatabaseService,
    private readonly traceql: TraceqlService,
  ) {}

  @Get('traces/:traceId')
  async trace(@Param('traceId') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const chunks = this.read(requireTraceId(id), abortSignalOf(reply));
    if (accepts(request, protobufType)) await sendParts(reply, protobufType, protobufTrace(chunks));
    else await sendParts(reply, 'application/json', jsonTrace(chunks));
  }

  @Get('v2/traces/:traceId')
  async traceById(
    @Param('traceId') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const traceId = requireTraceId(id);
    const signal = abortSignalOf(reply);
    const chunks = await this.requested(traceId, new QueryParameters(request), signal);
    if (accepts(request, protobufType)) await sendParts(reply, protobufType, protobufTraceById(chunks));
    else if (accepts(request, llmType)) {
      const text = await llmTrace(traceId, chunks);
      void reply.type(`${llmType}+json`).send(text);
    } else await sendParts(reply, 'application/json', jsonTraceById(chunks));
  }

  /** The whole trace, or the spans that `q` selects. */
  private async requested(
    traceId: string,
    parameters: QueryParameters,
    signal: AbortSignal,
  ): Promise<AsyncIterable<TraceChunk>> {
    const query = parameters.text('q');
    if (query === '') return this.read(traceId, signal);
    const relatives = {
      ancestors: levels(parameters, 'ancestor_depth', -1),
      descendants: levels(parameters, 'match_depth', 0),
    };
    const keepsHierarchy = parameters.flag('keep_hierarchy');
    const matches = await this.traceql.matchingSpans({ query, traceId }, signal);
    const kept =
      keepsHierarchy && matches.length > 0
        ? await withRelatives(this.read(traceId, signal), matches, relatives)
        : new Set(matches);
    return onlySpans(kept.size === 0 ? nothing() : this.read(traceId, signal), kept);
  }

  private read(traceId: string, signal: AbortSignal): AsyncGenerator<TraceChunk, void, undefined> {
    return getTraces(this.database, [{ traceId }], signal);
  }
}

async function* nothing(): AsyncGenerator<TraceChunk, void, undefined> {}

/** -1 is all levels. */
function levels(parameters: QueryParameters, name: string, otherwise: number): number | undefined {
  const value = parameters.integer(name) ?? BigInt(otherwise);
  if (value >= -1n && value <= 1_000_000n) return value === -1n ? undefined : Number(value);
  throw new TracestoreError(errorKinds.invalid, `invalid ${name}: should be from 0, or -1 for all, but is ${value}`);
}

function accepts({ headers }: FastifyRequest, type: string): boolean {
  return headers.accept?.includes(type) === true;
}

function requireTraceId(id: string): string {
  const traceId = hexTraceId(id);
  if (traceId !== undefined) return traceId;
  throw new TracestoreError(errorKinds.invalid, `trace IDs should be 1 to 32 hex digits, but is ${quoted(id)}`);
}
