import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { type BeforeApplicationShutdown, Controller, Delete, Get, Logger, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { abortSignalOf } from '@spandrel/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { createMcpServer } from '../mcp/mcp-server.js';
import { TempoService } from '../tempo.service.js';

/** What the handler asks of a request. Credentials are checked before, and are not for it. */
const passedHeaders = ['accept', 'content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id'];

/** Streams that wait for changes of the tools. There are none. */
const maxSubscriptions = 16;

/** The Model Context Protocol over streamable HTTP, for language models. It keeps no sessions. */
@ApiExcludeController()
@Controller('tempo/api/mcp')
export class McpController implements BeforeApplicationShutdown {
  private readonly logger = new Logger(McpController.name);
  private readonly handler;

  constructor(tempo: TempoService, database: QueryDatabaseService) {
    this.handler = createMcpHandler(({ requestInfo }) => createMcpServer(tempo, database, requestInfo?.signal), {
      maxSubscriptions,
      onerror: (error) => this.logger.debug(error),
    });
  }

  /** Ends open streams. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.handler.close();
  }

  @Post()
  async serve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const headers = passedHeaders.flatMap((name): [string, string][] => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    });
    const { method, body } = request;
    const asked = new Request('http://tracestore/api/mcp', { method, headers, signal: abortSignalOf(reply) });
    const response = await this.handler.fetch(asked, body === undefined ? {} : { parsedBody: body });
    for (const [name, value] of response.headers) reply.header(name, value);
    void reply.status(response.status);
    if (response.body === null) await reply.send();
    else await reply.send(Readable.fromWeb(response.body as ReadableStream));
  }
  /** Without sessions there is nothing to receive. The handler says so. */
  @Get()
  receive(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.serve(request, reply);
  }

  @Delete()
  end(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.serve(request, reply);
  }
}
