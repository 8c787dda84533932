import { type DescMessage, type MessageShape, toJsonString } from '@bufbuild/protobuf';
import { Controller, Get, NotFoundException, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { abortSignalOf, Draining } from '@spandrel/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  QueryInstantResponseSchema,
  QueryRangeResponseSchema,
  SearchResponseSchema,
  SearchTagsResponseSchema,
  SearchTagsV2ResponseSchema,
  SearchTagValuesResponseSchema,
  SearchTagValuesV2ResponseSchema,
} from '../../gen/tempopb/tempo_pb.js';
import { DatabaseService } from '../../database/database.service.js';
import { QueryParameters } from '../../protocols/query-parameters.js';
import { TempoService } from '../tempo.service.js';
import {
  instantRequestOf,
  rangeRequestOf,
  searchRequestOf,
  tagsRequestOf,
  tagValuesRequestOf,
} from './tempo-parameters.js';

/** What the store says of itself. Grafana reads the version, which stands for the features of that Tempo. */
const buildInfo = {
  version: '3.0.0',
  revision: '',
  branch: 'tracestore',
  buildUser: '',
  buildDate: '',
  goVersion: '',
};

/** Headers that say from where the numbers of a metrics query come (`aggregates`, `spans`, `both`), and whether they are exact. */
const sourceHeader = 'tracestore-source';
const exactHeader = 'tracestore-exact';

/** The header with the `cursor` of the next page of a search. */
const cursorHeader = 'tracestore-next-cursor';

/**
 * Tempo's HTTP API, besides traces by id. It is at the path `/tempo` of the HTTP port, and at the root of a port of its own,
 * which Grafana takes for a Tempo.
 */
@ApiExcludeController()
@Controller('tempo')
export class TempoController {
  constructor(
    private readonly tempo: TempoService,
    private readonly database: DatabaseService,
    private readonly draining: Draining,
  ) {}

  /** Whether the store can answer, as `/readyz` of the HTTP port says with reasons. */
  @Get('ready')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const isReady = await this.database.requireReady().then(
      () => !this.draining.hasBegun,
      () => false,
    );
    void reply
      .status(isReady ? 200 : 503)
      .type('text/plain')
      .send(isReady ? 'ready' : 'tracestore is not ready: see /readyz');
  }

  @Get('api/echo')
  echo(@Res() reply: FastifyReply): void {
    void reply.type('text/plain').send('echo');
  }

  @Get('api/status/buildinfo')
  buildInfo(): typeof buildInfo {
    return buildInfo;
  }

  @Get('api/search')
  async search(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const cursor = new QueryParameters(request).text('cursor') || undefined;
    const found = await this.tempo.search(searchRequestOf(request), abortSignalOf(reply), cursor);
    if (found.nextCursor !== undefined) void reply.header(cursorHeader, found.nextCursor);
    send(reply, SearchResponseSchema, found.message);
  }

  @Get('api/search/tags')
  async tagNames(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    send(reply, SearchTagsResponseSchema, await this.tempo.tagNames(tagsRequestOf(request), abortSignalOf(reply)));
  }

  @Get('api/v2/search/tags')
  async tagNamesByScope(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const message = await this.tempo.tagNamesByScope(tagsRequestOf(request), abortSignalOf(reply));
    send(reply, SearchTagsV2ResponseSchema, message);
  }

  /** A name may contain slashes. */
  @Get('api/search/tag/*')
  async tagValues(@Param('*') rest: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const message = await this.tempo.tagValues(
      tagValuesRequestOf(nameBefore(rest, request), request),
      abortSignalOf(reply),
    );
    send(reply, SearchTagValuesResponseSchema, message);
  }

  @Get('api/v2/search/tag/*')
  async typedTagValues(
    @Param('*') rest: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const message = await this.tempo.typedTagValues(
      tagValuesRequestOf(nameBefore(rest, request), request),
      abortSignalOf(reply),
    );
    send(reply, SearchTagValuesV2ResponseSchema, message);
  }

  @Get('api/metrics/query_range')
  async metricsRange(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { message, source, isExact } = await this.tempo.metricsRange(rangeRequestOf(request), abortSignalOf(reply));
    send(reply.headers({ [sourceHeader]: source, [exactHeader]: String(isExact) }), QueryRangeResponseSchema, message);
  }

  @Get('api/metrics/query')
  async metricsInstant(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { message, source, isExact } = await this.tempo.metricsInstant(
      instantRequestOf(request),
      abortSignalOf(reply),
    );
    send(
      reply.headers({ [sourceHeader]: source, [exactHeader]: String(isExact) }),
      QueryInstantResponseSchema,
      message,
    );
  }

  /** The pages of the console are not for clients of Tempo. */
  @Get('*')
  unknown(): never {
    throw new NotFoundException('404 page not found');
  }
}

function send<Schema extends DescMessage>(reply: FastifyReply, schema: Schema, message: MessageShape<Schema>): void {
  void reply.type('application/json').send(toJsonString(schema, message));
}

function nameBefore(rest: string, { url }: FastifyRequest): string {
  const end = '/values';
  if (!rest.endsWith(end) || rest.length === end.length) throw new NotFoundException(`Cannot GET ${url}`);
  return rest.slice(0, -end.length);
}
