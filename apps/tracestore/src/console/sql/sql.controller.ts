import { Body, Controller, Get, Header, HttpCode, Inject, Post, Req, UseGuards } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { ThrottlerGuard } from '@nestjs/throttler';
import {
  catalogueResponse,
  planResponse,
  sqlResponse,
  type SqlLimits,
  sqlLimits,
  type SqlQuery,
  sqlQuery,
} from '@spandrel/console-api';
import { clientOf } from '@spandrel/service';
import type { FastifyRequest } from 'fastify';
import { ClientSignal } from '@spandrel/service';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';
import { AccessService } from '../access/access.service.js';
import { maxAnswerBytes, SqlService } from './sql.service.js';

/** Rows that become bytes together. */
const rowsPerPiece = 100;

/** Any question, in SQL. */
@ApiTags('sql')
@Controller('api/sql')
export class SqlController {
  constructor(
    private readonly sql: SqlService,
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
    private readonly access: AccessService,
  ) {}

  /** Runs a statement as ps_trace_reader, or explains it. Closing the connection cancels it. */
  @Post()
  @HttpCode(200)
  @UseGuards(ThrottlerGuard)
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiResponse({
    status: 200,
    description: 'rows; or with `explain`, the plan',
    standardSchema: sqlResponse.or(planResponse),
  })
  @ApiResponse({
    status: 400,
    description:
      'PostgreSQL refused the statement: `detail` is its message, and `position` where it saw the fault (line and column)',
  })
  @ApiResponse({ status: 429, description: 'Too many requests in a minute' })
  @ApiResponse({
    status: 503,
    description: 'Other statements have all connections, or the database is away: Retry-After',
  })
  @ApiResponse({ status: 504, description: 'The statement took longer than it may' })
  async ask(
    @Body({ schema: sqlQuery }) { sql, explain }: SqlQuery,
    @Req() request: FastifyRequest,
    @ClientSignal() signal: AbortSignal,
  ): Promise<string | Buffer> {
    const client = this.clientKeyOf(request);
    if (explain !== 'no') {
      const { plan, ...notes } = await this.sql.plan(sql, explain, client, signal);
      return `{"plan":${plan},${membersOf(notes)}}`;
    }
    const startedAt = performance.now();
    const { columns, rows, isTruncated, ...notes } = await this.sql.rows(sql, client, signal);
    const durationMs = performance.now() - startedAt;
    return Buffer.concat([
      Buffer.from(`{"columns":${JSON.stringify(columns)},"rows":[`),
      ...jsonOfRows(rows),
      Buffer.from(`],"isTruncated":${isTruncated},"durationMs":${durationMs},${membersOf(notes)}}`),
    ]);
  }

  /** Returns the limits of a statement: time, rows, bytes, and statements in a minute. */
  @Get('limits')
  @ApiResponse({ status: 200, description: 'for each statement', standardSchema: sqlLimits })
  limits(): SqlLimits {
    return {
      timeoutMs: this.sql.timeoutMs,
      maxRows: this.sql.maxRows,
      maxBytes: maxAnswerBytes,
      perMinute: this.config.console.sqlPerMinute,
    };
  }

  /** The views and functions of ps_trace, for completion. */
  @Get('catalogue')
  @ApiResponse({ status: 200, description: 'by name', standardSchema: catalogueResponse })
  catalogue(@Req() request: FastifyRequest, @ClientSignal() signal: AbortSignal): Promise<unknown> {
    return this.sql.catalogue(this.clientKeyOf(request), signal);
  }

  /** The client that shares connections: a user where users have names, otherwise an address or network of IPv6. */
  private clientKeyOf(request: FastifyRequest): string {
    const name = this.access.nameOf(request);
    return name === undefined ? `address ${clientOf(request.ip)}` : `user ${name}`;
  }
}

/** The members of an object as JSON, without its braces. */
function membersOf(object: object): string {
  return JSON.stringify(object).slice(1, -1);
}

/** Joins rows, which the database has written as JSON, in pieces: one string of all rows would double the memory. */
function* jsonOfRows(rows: readonly string[]): Generator<Buffer, void, undefined> {
  for (let first = 0; first < rows.length; first += rowsPerPiece) {
    const piece = rows.slice(first, first + rowsPerPiece).join(',');
    yield Buffer.from(first === 0 ? piece : `,${piece}`);
  }
}
