import { Body, Controller, Get, Inject, Put, UseGuards, UseInterceptors } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type Retention,
  retention,
  type RetentionRequest,
  retentionRequest,
  type StorageAnswer,
  storageAnswer,
  type SystemAnswer,
  systemAnswer,
} from '@spandrel/console-api';
import { IngestMetricsService } from '../../metrics/ingest-metrics.service.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { queryErrorOf } from '../../query/query-error.js';
import { DatabaseService } from '../../schema/database.service.js';
import { readSqlFile } from '../../sql-file.js';
import { AccessGuard } from '../access/access.guard.js';
import { ClientSignal } from '../client-signal.js';
import { QueryProblemInterceptor } from '../query-problem.interceptor.js';

const measureStorage = readSqlFile(import.meta.url, 'measure-storage.sql');
const measureHypertables = readSqlFile(import.meta.url, 'measure-hypertables.sql');
const measureDatabase = readSqlFile(import.meta.url, 'measure-database.sql');
const readRetention = readSqlFile(import.meta.url, 'read-retention.sql');
const requestRetention = readSqlFile(import.meta.url, 'request-retention.sql');

interface TableRow {
  readonly name: string;
  readonly bytes: number;
  readonly index_bytes: number;
  readonly partitions: number;
}

/** How the store does. */
@ApiTags('system')
@Controller('api/system')
@UseGuards(AccessGuard)
@UseInterceptors(QueryProblemInterceptor)
export class SystemController {
  constructor(
    @Inject(DatabaseService) private readonly store: DatabaseService,
    @Inject(QueryDatabaseService) private readonly database: QueryDatabaseService,
    @Inject(IngestMetricsService) private readonly metrics: IngestMetricsService,
  ) {}

  /** What the database can do, and what receiving and writing say of themselves. */
  @Get()
  @ApiResponse({ status: 200, description: 'at this moment', standardSchema: systemAnswer })
  async system(): Promise<SystemAnswer> {
    const { capabilities } = this.store;
    return {
      database: capabilities === undefined ? null : { ...capabilities, timescale: capabilities.timescale ?? null },
      ingest: (await this.metrics.read()).map(({ values, ...metric }) => ({ ...metric, values: [...values] })),
    };
  }

  /** How much space tables and partitions take. */
  @Get('storage')
  @ApiResponse({ status: 200, description: 'the greatest first', standardSchema: storageAnswer })
  async storage(@ClientSignal() signal: AbortSignal): Promise<StorageAnswer> {
    const tables = await this.database.query<TableRow>(measureStorage, [], signal);
    const hypertables =
      this.store.capabilities?.storage === 'hypertables'
        ? await this.database.query<TableRow>(measureHypertables, [], signal)
        : [];
    const [whole] = await this.database.query<{ bytes: number }>(measureDatabase, [], signal);
    const byName = new Map([...tables, ...hypertables].map((table) => [table.name, table]));
    return {
      tables: [...byName.values()]
        .toSorted((left, right) => right.bytes - left.bytes)
        .map(({ name, bytes, index_bytes: indexBytes, partitions }) => ({ name, bytes, indexBytes, partitions })),
      databaseBytes: whole?.bytes ?? 0,
    };
  }

  /** For how long spans are kept. */
  @Get('retention')
  @ApiResponse({ status: 200, description: 'by the start of a span', standardSchema: retention })
  async retention(@ClientSignal() signal: AbortSignal): Promise<Retention> {
    const [row] = await this.database.query<{ retention_ms: number; is_requested: boolean }>(readRetention, [], signal);
    return { retentionMs: row?.retention_ms ?? 0, isRequested: row?.is_requested ?? false };
  }

  /** Sets for how long spans are kept; what is older goes when the lifecycle runs next. */
  @Put('retention')
  @ApiResponse({ status: 200, description: 'as it is from now on', standardSchema: retention })
  async setRetention(
    @Body({ schema: retentionRequest }) { retentionMs }: RetentionRequest,
    @ClientSignal() signal: AbortSignal,
  ): Promise<Retention> {
    try {
      const client = await this.store.connect();
      try {
        await client.query(requestRetention, [retentionMs]);
      } finally {
        client.release();
      }
    } catch (cause) {
      this.store.noteFailure(cause);
      throw queryErrorOf(cause, undefined);
    }
    return this.retention(signal);
  }
}
