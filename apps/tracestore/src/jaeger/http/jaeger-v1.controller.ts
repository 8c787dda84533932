import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { abortSignalOf, sendJsonParts } from '@spandrel/service';
import { findTraces } from '../../query/find-traces/find-traces.js';
import { type RequestedTrace, getTraces } from '../../query/get-traces/get-traces.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { findServices } from '../../query/services/find-services.js';
import { findDependencies } from '../dependencies/find-dependencies.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { findJaegerOperations, spanKindNamed } from '../jaeger-operations.js';
import { type Measure, minStepMs, monitor, type MonitorQuery } from '../monitor/monitor.js';
import { widened } from '../search/time-hints.js';
import { defaultTraceLimit, traceSearchOf } from '../search/trace-query.js';
import { uiTraceId, UiTraceWriter } from '../spans/ui-json.js';
import { malformed, QueryParameters, quoted, stringMap } from '../../protocols/query-parameters.js';
import { hexTraceId } from '../../protocols/trace-id.js';

const nsPerUs = 1_000n;
const nsPerMs = 1_000_000n;

/** Jaeger's default time ranges of searches, dependencies and metrics. */
const searchLookbackNs = 172_800_000_000_000n;
const dependenciesLookbackMs = 86_400_000n;
const monitorDefaultsMs = { lookback: 3_600_000n, step: 5_000n, ratePer: 600_000n } as const;

/** The fields of every response besides the data. */
interface StructuredAnswer {
  readonly data: unknown;
  readonly total: number;
  readonly limit: 0;
  readonly offset: 0;
  readonly errors: readonly object[] | null;
}

/**
 * Jaeger's older HTTP API, which Grafana and older UIs use: times in microseconds, those of metrics in milliseconds. Traces
 * are returned as they were sent, without Jaeger's enrichment, so `raw` has no effect.
 */
@ApiExcludeController()
@Controller('jaeger/api')
export class JaegerV1Controller {
  constructor(private readonly database: QueryDatabaseService) {}

  @Get('services')
  async services(@Res({ passthrough: true }) reply: FastifyReply): Promise<StructuredAnswer> {
    const services = await findServices(this.database, abortSignalOf(reply));
    return answerOf(services, services.length);
  }

  @Get('services/:service/operations')
  async operationNames(
    @Param('service') service: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StructuredAnswer> {
    const operations = await findJaegerOperations(this.database, service, '', abortSignalOf(reply));
    const names = [...new Set(operations.map(({ name }) => name))];
    return answerOf(names, names.length);
  }

  @Get('operations')
  async operations(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StructuredAnswer> {
    const parameters = new QueryParameters(request);
    const service = parameters.text('service');
    if (service === '') throw malformed('service', 'is required');
    const kind = parameters.text('spanKind');
    const operations = await findJaegerOperations(this.database, service, kind, abortSignalOf(reply));
    return answerOf(operations, operations.length);
  }

  @Get('traces/:traceId')
  async trace(@Param('traceId') id: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new QueryParameters(request);
    const traceId = requireTraceId('traceID', id);
    const hints = widened(microseconds(parameters, 'start'), microseconds(parameters, 'end'));
    const signal = abortSignalOf(reply);
    await sendJsonParts(reply, this.traces([{ traceId, ...hints }], true, signal));
  }

  @Get('traces')
  async search(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const parameters = new QueryParameters(request);
    const signal = abortSignalOf(reply);
    const traceIds = parameters.all('traceID').map((id) => requireTraceId('traceID', id));
    const now = BigInt(Date.now()) * nsPerMs;
    const from = microseconds(parameters, 'start');
    const to = microseconds(parameters, 'end');
    if (traceIds.length > 0) {
      const hints = widened(from, to);
      await sendJsonParts(
        reply,
        this.traces(
          traceIds.map((traceId) => ({ traceId, ...hints })),
          false,
          signal,
        ),
      );
      return;
    }
    const serviceName = parameters.text('service');
    if (serviceName === '') throw malformed('service', 'is required');
    const durationMinNs = parameters.duration('minDuration');
    const durationMaxNs = parameters.duration('maxDuration');
    if (durationMinNs !== 0n && durationMaxNs !== 0n && durationMaxNs < durationMinNs) {
      throw malformed('maxDuration', "should be greater than 'minDuration'");
    }
    const search = traceSearchOf({
      serviceName,
      operationName: parameters.text('operation'),
      attributes: tagsOf(parameters).map(([key, text]) => [key, { type: 'any', text }] as const),
      durationMinNs,
      durationMaxNs,
      startTimeMinUnixNano: from ?? now - searchLookbackNs,
      startTimeMaxUnixNano: to ?? now,
      limit: Number(parameters.integer('limit') ?? BigInt(defaultTraceLimit)),
    });
    const { traces } = await findTraces(this.database, search, signal);
    await sendJsonParts(reply, this.traces(traces, false, signal));
  }

  @Get('dependencies')
  async dependencies(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StructuredAnswer> {
    const parameters = new QueryParameters(request);
    const endMs = parameters.integer('endTs') ?? BigInt(Date.now());
    const lookbackMs = parameters.integer('lookback') ?? dependenciesLookbackMs;
    if (lookbackMs < 0n) throw malformed('lookback', 'is less than 0');
    const service = parameters.text('service');
    const dependencies = await findDependencies(
      this.database,
      (endMs - lookbackMs) * nsPerMs,
      endMs * nsPerMs,
      abortSignalOf(reply),
    );
    return answerOf(
      dependencies
        .filter(({ parent, child }) => service === '' || parent === service || child === service)
        .map(({ parent, child, callCount }) => ({ parent, child, callCount: Number(callCount) })),
      0,
    );
  }

  @Get('metrics/calls')
  calls(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    return this.measure({ of: 'calls' }, request, reply);
  }

  @Get('metrics/errors')
  errors(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    return this.measure({ of: 'errors' }, request, reply);
  }

  @Get('metrics/latencies')
  latencies(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const text = new QueryParameters(request).text('quantile');
    const quantile = Number(text);
    if (text === '' || !(quantile >= 0 && quantile <= 1)) {
      throw malformed('quantile', `should be a number from 0 to 1, but is ${quoted(text)}`);
    }
    return this.measure({ of: 'latencies', quantile }, request, reply);
  }

  @Get('metrics/minstep')
  minStep(): StructuredAnswer {
    return answerOf(minStepMs, 0);
  }

  private measure(measure: Measure, request: FastifyRequest, reply: FastifyReply): Promise<object> {
    return monitor(this.database, measure, monitorQueryOf(new QueryParameters(request)), abortSignalOf(reply));
  }

  /** @param mustExist whether a missing trace is an error */
  private async *traces(
    requested: readonly RequestedTrace[],
    mustExist: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    const found = new Set<string>();
    let text = '{"data":[';
    let writer: UiTraceWriter | undefined;
    for await (const { traceId, spans } of getTraces(this.database, requested, signal)) {
      if (!found.has(traceId)) {
        text += writer === undefined ? '' : `${writer.end()},`;
        writer = new UiTraceWriter(traceId);
        text += writer.begin();
        found.add(traceId);
      }
      yield text + (writer?.spans(spans) ?? '');
      text = '';
    }
    if (mustExist && found.size === 0) throw new TracestoreError(errorKinds.unknownTrace, 'trace not found');
    const errors = requested
      .filter(({ traceId }) => !found.has(traceId))
      .map(({ traceId }) => ({ msg: 'trace not found', traceID: uiTraceId(traceId) }));
    const { total, limit, offset } = answerOf([], 0);
    const rest = { total, limit, offset, errors: errors.length === 0 ? null : errors };
    yield `${text}${writer?.end() ?? ''}],${JSON.stringify(rest).slice(1)}`;
  }
}

function answerOf(data: unknown, total: number): StructuredAnswer {
  return { data, total, limit: 0, offset: 0, errors: null };
}

function microseconds(parameters: QueryParameters, name: string): bigint | undefined {
  const value = parameters.integer(name);
  return value === undefined ? undefined : value * nsPerUs;
}

function requireTraceId(name: string, id: string): string {
  const traceId = hexTraceId(id);
  if (traceId === undefined) throw malformed(name, `should be 1 to 32 hex digits, but is ${quoted(id)}`);
  return traceId;
}

/** Parses any number of `tag=key:value`, and `tags=<JSON>`. The last value of a key counts. */
function tagsOf(parameters: QueryParameters): readonly (readonly [string, string])[] {
  const simple = parameters.all('tag').map((tag) => {
    const colon = tag.indexOf(':');
    if (colon < 0) throw malformed('tag', `should be key:value, but is ${quoted(tag)}`);
    return [tag.slice(0, colon), tag.slice(colon + 1)] as const;
  });
  return [...new Map([...simple, ...parameters.all('tags').flatMap((json) => stringMap('tags', json))])];
}

function monitorQueryOf(parameters: QueryParameters): MonitorQuery {
  const serviceNames = parameters.all('service');
  if (serviceNames.length === 0) throw malformed('service', 'is required');
  const kinds = parameters.all('spanKind').map((word) => {
    const kind = spanKindNamed(word);
    if (kind === undefined) throw malformed('spanKind', `is ${quoted(word)}, which is not known`);
    return kind;
  });
  const milliseconds = (name: keyof typeof monitorDefaultsMs): number => {
    const value = parameters.integer(name) ?? monitorDefaultsMs[name];
    if (value <= 0n) throw malformed(name, 'should be more than 0');
    return Number(value);
  };
  return {
    serviceNames,
    spanKinds: kinds.length === 0 ? ['server'] : kinds,
    groupByOperation: parameters.flag('groupByOperation'),
    endMs: Number(parameters.integer('endTs') ?? BigInt(Date.now())),
    lookbackMs: milliseconds('lookback'),
    stepMs: milliseconds('step'),
    ratePerMs: milliseconds('ratePer'),
  };
}
