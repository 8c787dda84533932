import { create, toJsonString } from '@bufbuild/protobuf';
import { McpServer } from '@modelcontextprotocol/server';
import { Logger } from '@nestjs/common';
import { z } from 'zod';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import {
  QueryInstantRequestSchema,
  QueryInstantResponseSchema,
  QueryRangeRequestSchema,
  QueryRangeResponseSchema,
  SearchRequestSchema,
  SearchResponseSchema,
  SearchTagsRequestSchema,
  SearchTagsV2ResponseSchema,
  SearchTagValuesRequestSchema,
  SearchTagValuesV2ResponseSchema,
} from '../../gen/tempopb/tempo_pb.js';
import { parseGoDuration, parseRfc3339 } from '../../protocols/go-text.js';
import { hexTraceId } from '../../protocols/trace-id.js';
import { getTraces } from '../../query/get-traces/get-traces.js';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { isMetricsQuery } from '../query-kind.js';
import type { TempoService } from '../tempo.service.js';
import { llmTrace } from '../traces/llm-trace.js';
import { traceqlGuide } from './traceql-guide.js';

const nsPerS = 1_000_000_000n;
const lastHourNs = 3_600n * nsPerS;

const time = z.string().max(100).optional();
const range = {
  start: time.describe(
    'start of the time range in RFC 3339, such as 2026-12-01T08:00:00Z; by default one hour before the end',
  ),
  end: time.describe('end of the time range in RFC 3339; by default now'),
};
const query = z
  .string()
  .min(1)
  .max(128 * 1024);
const metricsQuery = query.describe('TraceQL that ends with a metrics function, such as { status = error } | rate()');

type Range = { readonly start?: string | undefined; readonly end?: string | undefined };

/**
 * The tools for language models: the same as Tempo's, besides those that compare traces and explain its configuration, and one
 * that shows the SQL of a query. All of them read.
 *
 * @param signal cancels what runs when the client has gone
 */
export function createMcpServer(
  tempo: TempoService,
  database: QueryDatabaseService,
  signal: AbortSignal | undefined,
): McpServer {
  const server = new McpServer(
    { name: 'tracestore', version: '1.0.0' },
    { instructions: 'Reads distributed traces. Call docs-traceql before you write a query.' },
  );
  const annotations = { readOnlyHint: true, openWorldHint: false };

  server.registerTool(
    'docs-traceql',
    {
      description: 'How to write TraceQL, the query language of the other tools',
      inputSchema: z.object({}),
      annotations,
    },
    () => text(traceqlGuide),
  );
  server.registerTool(
    'traceql-search',
    {
      description: 'Find traces and spans with a TraceQL search, the newest first',
      inputSchema: z.object({
        query: query.describe('a TraceQL search, such as { resource.service.name = "frontend" && status = error }'),
        limit: z.int().min(1).max(100).default(20).describe('how many traces'),
        ...range,
      }),
      annotations,
    },
    ({ query: search, limit, ...times }) =>
      answered(async () => {
        if (isMetricsQuery(search)) {
          throw new TracestoreError(
            errorKinds.invalid,
            'This is a metrics query: use the tool traceql-metrics-instant or traceql-metrics-range',
          );
        }
        const request = create(SearchRequestSchema, { Query: search, Limit: limit, ...secondsOf(times) });
        const { message } = await tempo.search(request, signal);
        return toJsonString(SearchResponseSchema, message);
      }),
  );
  server.registerTool(
    'traceql-metrics-instant',
    {
      description: 'Compute one number for each series of a TraceQL metrics query over a time range',
      inputSchema: z.object({ query: metricsQuery, ...range }),
      annotations,
    },
    ({ query: metrics, ...times }) =>
      answered(async () => {
        const request = create(QueryInstantRequestSchema, { query: metrics, ...nanosecondsOf(times) });
        const { message } = await tempo.metricsInstant(request, signal);
        return toJsonString(QueryInstantResponseSchema, message);
      }),
  );
  server.registerTool(
    'traceql-metrics-range',
    {
      description: 'Compute series over time with a TraceQL metrics query',
      inputSchema: z.object({
        query: metricsQuery,
        step: z.string().max(100).optional().describe('time between two samples, such as 1m; chosen by default'),
        ...range,
      }),
      annotations,
    },
    ({ query: metrics, step, ...times }) =>
      answered(async () => {
        const stepNs = step === undefined ? 0n : parseGoDuration(step);
        if (stepNs === undefined || stepNs < 0n) throw wrong('step', 'a duration such as 1m');
        const request = create(QueryRangeRequestSchema, { query: metrics, step: stepNs, ...nanosecondsOf(times) });
        const { message } = await tempo.metricsRange(request, signal);
        return toJsonString(QueryRangeResponseSchema, message);
      }),
  );
  server.registerTool(
    'get-trace',
    {
      description: 'Read a trace by its id, with all spans',
      inputSchema: z.object({ trace_id: z.string().max(100).describe('1 to 32 hexadecimal digits') }),
      annotations,
    },
    ({ trace_id: id }) =>
      answered(async () => {
        const traceId = hexTraceId(id);
        if (traceId === undefined) throw wrong('trace_id', '1 to 32 hexadecimal digits');
        return await llmTrace(traceId, getTraces(database, [{ traceId }], signal));
      }),
  );
  server.registerTool(
    'get-attribute-names',
    {
      description: 'List the names of attributes and intrinsics that queries can use, by scope',
      inputSchema: z.object({
        scope: z
          .enum(['span', 'resource', 'event', 'link', 'instrumentation', 'intrinsic'])
          .optional()
          .describe('only of this scope'),
        ...range,
      }),
      annotations,
    },
    ({ scope = '', ...times }) =>
      answered(async () => {
        const request = create(SearchTagsRequestSchema, { scope, ...secondsOf(times) });
        return toJsonString(SearchTagsV2ResponseSchema, await tempo.tagNamesByScope(request, signal));
      }),
  );
  server.registerTool(
    'get-attribute-values',
    {
      description: 'List values of an attribute or an intrinsic',
      inputSchema: z.object({
        name: z.string().min(1).max(1_000).describe('with its scope, such as resource.service.name'),
        'filter-query': query.optional().describe('only of spans that match this TraceQL search'),
        ...range,
      }),
      annotations,
    },
    ({ name, 'filter-query': filter = '', ...times }) =>
      answered(async () => {
        const request = create(SearchTagValuesRequestSchema, { tagName: name, query: filter, ...secondsOf(times) });
        return toJsonString(SearchTagValuesV2ResponseSchema, await tempo.typedTagValues(request, signal));
      }),
  );
  server.registerTool(
    'traceql-explain',
    {
      description: 'Show the SQL that a TraceQL query stands for; nothing is run',
      inputSchema: z.object({ query: query.describe('a search or a metrics query'), ...range }),
      annotations,
    },
    ({ query: explained, ...times }) =>
      answered(() => {
        const { start, end } = nanosecondsOf(times);
        const { sql } = tempo.explain({ query: explained, limit: 20, startNs: start, endNs: end, stepNs: undefined });
        return sql;
      }),
  );
  return server;
}

interface ToolAnswer {
  // The library extends it with members of its own.
  readonly [member: string]: unknown;
  readonly content: { readonly type: 'text'; readonly text: string }[];
  readonly isError?: boolean;
}

const logger = new Logger('MCP');

/** What a tool answers. An error of the server is for the log alone. */
async function answered(write: () => string | Promise<string>): Promise<ToolAnswer> {
  try {
    return text(await write());
  } catch (error) {
    if (error instanceof TracestoreError) return { ...text(error.detail), isError: true };
    logger.error(error);
    return { ...text(errorKinds.internal.title), isError: true };
  }
}

function text(content: string): ToolAnswer {
  return { content: [{ type: 'text', text: content }] };
}

function nanosecondsOf({ start, end }: Range): { readonly start: bigint; readonly end: bigint } {
  const endNs = end === undefined ? BigInt(Date.now()) * 1_000_000n : parseRfc3339(end);
  if (endNs === undefined) throw wrong('end', 'a time in RFC 3339');
  const startNs = start === undefined ? endNs - lastHourNs : parseRfc3339(start);
  if (startNs === undefined || startNs < 0n) throw wrong('start', 'a time in RFC 3339');
  return { start: startNs, end: endNs };
}

/** The range with its end rounded up, so that it has what happened in this second. */
function secondsOf(times: Range): { readonly start: number; readonly end: number } {
  const { start, end } = nanosecondsOf(times);
  return { start: Number(start / nsPerS), end: Number((end + nsPerS - 1n) / nsPerS) };
}

function wrong(name: string, expected: string): TracestoreError {
  return new TracestoreError(errorKinds.invalid, `${name} should be ${expected}`);
}
