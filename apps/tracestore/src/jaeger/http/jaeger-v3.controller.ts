import { fromJsonString } from '@bufbuild/protobuf';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { abortSignalOf, sendJsonParts } from '@spandrel/service';
import { type Call, CallSchema } from '../../gen/expression/v1/expression_pb.js';
import { findTraces } from '../../query/find-traces/find-traces.js';
import type { TraceSearch } from '../../query/find-traces/trace-search.js';
import { type RequestedTrace, getTraces } from '../../query/get-traces/get-traces.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { findServices } from '../../query/services/find-services.js';
import { summarizeTraces } from '../../query/summarize-traces/summarize-traces.js';
import { parseRfc3339 } from '../../protocols/go-text.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { findJaegerOperations } from '../jaeger-operations.js';
import { filterOfExpression } from '../search/expression-filter.js';
import { widened } from '../search/time-hints.js';
import { traceSearchOf } from '../search/trace-query.js';
import { resourceSpansJson } from '../../query/otlp/otlp-json.js';
import { countsOfSummary } from '../spans/summary.js';
import { malformed, QueryParameters, quoted, stringMap } from '../../protocols/query-parameters.js';
import { anyTraceId } from '../../protocols/trace-id.js';

/**
 * Jaeger's newer HTTP API (`api_v3`): traces in OTLP/JSON. Parameters have the names of protobuf's JSON, or those of its
 * fields, which older clients use. Traces are returned as they were sent, without Jaeger's enrichment, so `raw` has no
 * effect.
 */
@ApiExcludeController()
@Controller('jaeger/api/v3')
export class JaegerV3Controller {
  constructor(private readonly database: QueryDatabaseService) {}

  @Get('services')
  async services(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    return { services: await findServices(this.database, abortSignalOf(reply)) };
  }

  @Get('operations')
  async operations(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const parameters = new QueryParameters(request);
    const operations = await findJaegerOperations(
      this.database,
      parameters.text('service'),
      parameters.text('spanKind', 'span_kind'),
      abortSignalOf(reply),
    );
    // The same as in Jaeger's own gateway.
    return { operations: operations.map(({ name, spanKind }) => ({ name, spanKind: spanKind || 'internal' })) };
  }

  @Get('traces/:traceId')
  async trace(@Param('traceId') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new QueryParameters(request);
    const traceId = anyTraceId(id);
    if (traceId === undefined) throw malformed('trace_id', `should be hex digits or base64, but is ${quoted(id)}`);
    const hints = widened(time(parameters, 'startTime', 'start_time'), time(parameters, 'endTime', 'end_time'));
    await sendJsonParts(reply, this.traces([{ traceId, ...hints }], abortSignalOf(reply)));
  }

  @Get('traces')
  async search(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const signal = abortSignalOf(reply);
    const { traces } = await findTraces(this.database, searchOf(new QueryParameters(request)), signal);
    await sendJsonParts(reply, this.traces(traces, signal));
  }

  @Get('trace-summaries')
  async summaries(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const signal = abortSignalOf(reply);
    const { traces } = await findTraces(this.database, searchOf(new QueryParameters(request)), signal);
    const ids = traces.map(({ traceId }) => traceId);
    return {
      summaries: (await summarizeTraces(this.database, ids, signal)).map((summary) => ({
        traceId: summary.traceId,
        minStartTimeUnixNano: String(summary.startTimeUnixNano),
        maxEndTimeUnixNano: String(summary.endTimeUnixNano),
        ...countsOfSummary(summary),
      })),
    };
  }

  private async *traces(
    requested: readonly RequestedTrace[],
    signal: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    let begin = '{"result":{"resourceSpans":[';
    for await (const chunk of getTraces(this.database, requested, signal)) {
      yield begin + resourceSpansJson(chunk);
      begin = ',';
    }
    if (begin !== ',') throw new TracestoreError(errorKinds.unknownTrace, 'No traces found');
    yield ']}}';
  }
}

function searchOf(parameters: QueryParameters): TraceSearch {
  const both = (camelCase: string, snakeCase: string) => [`query.${camelCase}`, `query.${snakeCase}`] as const;
  const from = time(parameters, ...both('startTimeMin', 'start_time_min'));
  const to = time(parameters, ...both('startTimeMax', 'start_time_max'));
  if (from === undefined || to === undefined) {
    throw new TracestoreError(errorKinds.invalid, 'query.startTimeMin and query.startTimeMax are required');
  }
  if (from >= to) throw new TracestoreError(errorKinds.invalid, 'query.startTimeMin must be before query.startTimeMax');
  const attributes = parameters.text('query.attributes');
  const filter = parameters.text('query.filter');
  return traceSearchOf({
    serviceName: parameters.text(...both('serviceName', 'service_name')),
    operationName: parameters.text(...both('operationName', 'operation_name')),
    attributes:
      attributes === ''
        ? []
        : stringMap('query.attributes', attributes).map(([key, text]) => [key, { type: 'any', text }] as const),
    durationMinNs: parameters.duration(...both('durationMin', 'duration_min')),
    durationMaxNs: parameters.duration(...both('durationMax', 'duration_max')),
    filter: filter === '' ? undefined : filterOfExpression(callOf(filter)),
    startTimeMinUnixNano: from,
    startTimeMaxUnixNano: to,
    limit: Number(
      parameters.integer('query.searchDepth') ??
        parameters.integer('query.search_depth') ??
        parameters.integer('query.num_traces') ??
        0n,
    ),
  });
}

function callOf(json: string): Call {
  try {
    return fromJsonString(CallSchema, json);
  } catch (error) {
    throw malformed('query.filter', `is no filter: ${error instanceof Error ? error.message.slice(0, 200) : ''}`);
  }
}

function time(parameters: QueryParameters, ...names: readonly string[]): bigint | undefined {
  const text = parameters.text(...names);
  if (text === '') return undefined;
  const value = parseRfc3339(text);
  if (value === undefined) throw malformed(names[0] ?? '', `should be a time in RFC 3339, but is ${quoted(text)}`);
  return value;
}
