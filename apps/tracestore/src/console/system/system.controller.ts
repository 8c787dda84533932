import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { Body, Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type PartitionsResponse,
  partitionsResponse,
  type Retention,
  retention,
  type RetentionConfirmation,
  retentionConfirmation,
  type RetentionRequest,
  retentionRequest,
  type StorageResponse,
  storageResponse,
  type SystemResponse,
  systemResponse,
  type TrafficResponse,
  trafficResponse,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { IngestMetricsService } from '../../metrics/ingest-metrics.service.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { findDatabaseBytes, findTableSizes } from '../../query/storage/measure-storage.js';
import { queryErrorOf } from '../../errors/query-error-of.js';
import { DatabaseService } from '../../database/database.service.js';
import { dayMs } from '../../duration.js';
import { type BoundStatement, readSql } from '../../sql.js';

const measurePartitions = readSql(import.meta.url, 'measure-partitions.sql');
const measureChunks = readSql(import.meta.url, 'measure-chunks.sql');
const readRetention = readSql(import.meta.url, 'read-retention.sql');
const requestRetention = readSql<{ readonly retention_ms: number | null }>(import.meta.url, 'request-retention.sql');

const readPendingRetention = readSql<{ readonly wait_ms: number }>(import.meta.url, 'read-pending-retention.sql');
const confirmRetention = readSql<{ readonly retention_ms: number }>(import.meta.url, 'confirm-retention.sql');
const readTraffic = readSql<{ readonly limit: number }>(import.meta.url, 'read-traffic.sql');

/** How long a shorter retention waits, as the lifecycle has it. */
const shorterRetentionWaitsMs = dayMs;

/** Services that the traffic has by name. */
const maxTrafficServices = 20;

interface TrafficRow {
  readonly service: string | null;
  readonly time_unix_nano: string;
  readonly seconds: number | null;
  readonly spans: number;
  readonly step_ms: number;
}

interface PendingRow {
  readonly subject: Retention['pending'][number]['subject'];
  readonly applied_ms: number;
  readonly retention_ms: number;
  readonly waits_ms: number;
}

interface PartitionRow {
  readonly name: string;
  readonly from_unix_nano: string | null;
  readonly to_unix_nano: string | null;
  readonly is_compressed: boolean;
  readonly bytes: number;
}

const versions = { tracestore: readVersion(), node: process.versions.node };

/** The state of the store: features, metrics, sizes and retention. */
@ApiTags('system')
@Controller('api/system')
export class SystemController {
  constructor(
    private readonly store: DatabaseService,
    private readonly database: QueryDatabaseService,
    private readonly metrics: IngestMetricsService,
  ) {}

  /** Returns the features of the database and the metrics of receiving and writing. */
  @Get()
  @ApiResponse({ status: 200, description: 'at this moment', standardSchema: systemResponse })
  async system(): Promise<SystemResponse> {
    const { capabilities } = this.store;
    await this.store.refreshWarnings();
    return {
      versions,
      problems: [...this.store.problems()],
      warnings: [...this.store.warnings()],
      database: capabilities === undefined ? null : { ...capabilities, timescale: capabilities.timescale ?? null },
      ingest: (await this.metrics.read()).map(({ values, ...metric }) => ({ ...metric, values: [...values] })),
    };
  }

  /** Returns the sizes of the tables and of the database. */
  @Get('storage')
  @ApiResponse({ status: 200, description: 'the greatest first', standardSchema: storageResponse })
  async storage(@ClientSignal() signal: AbortSignal): Promise<StorageResponse> {
    const hasHypertables = this.store.capabilities?.storage === 'hypertables';
    return {
      tables: [...(await findTableSizes(this.database, hasHypertables, signal))],
      databaseBytes: await findDatabaseBytes(this.database, signal),
    };
  }

  /** Returns the partitions of spans, or their chunks with TimescaleDB. */
  @Get('partitions')
  @ApiResponse({ status: 200, description: 'the latest first', standardSchema: partitionsResponse })
  async partitions(@ClientSignal() signal: AbortSignal): Promise<PartitionsResponse> {
    const measure = this.store.capabilities?.storage === 'hypertables' ? measureChunks : measurePartitions;
    const rows = await this.database.query<PartitionRow>(measure.bind(), signal);
    return {
      partitions: rows.map((row) => ({
        name: row.name,
        fromUnixNano: row.from_unix_nano,
        toUnixNano: row.to_unix_nano,
        isCompressed: row.is_compressed,
        bytes: row.bytes,
      })),
    };
  }

  /** Returns the spans of the last 24 hours by service and over time. */
  @Get('traffic')
  @ApiResponse({ status: 200, description: 'the service with the most spans first', standardSchema: trafficResponse })
  async traffic(@ClientSignal() signal: AbortSignal): Promise<TrafficResponse> {
    const rows = await this.database.query<TrafficRow>(readTraffic.bind({ limit: maxTrafficServices }), signal);
    const byService = new Map<string | null, TrafficRow[]>();
    for (const row of rows) byService.set(row.service, [...(byService.get(row.service) ?? []), row]);
    return {
      stepMs: rows[0]?.step_ms ?? 0,
      services: [...byService].map(([service, own]) => ({
        service,
        spans: own.reduce((sum, { spans }) => sum + spans, 0),
        steps: own.flatMap(({ time_unix_nano: timeUnixNano, seconds, spans }) =>
          seconds === null ? [] : [{ timeUnixNano, seconds, spans }],
        ),
      })),
    };
  }

  /** Returns how long spans are kept. */
  @Get('retention')
  @ApiResponse({
    status: 200,
    description: 'by the start and the receipt of a span, as it is set',
    standardSchema: retention,
  })
  async retention(@ClientSignal() signal: AbortSignal): Promise<Retention> {
    const [row] = await this.database.query<{ retention_ms: number; is_requested: boolean }>(
      readRetention.bind(),
      signal,
    );
    const pending = await this.database.query<PendingRow>(
      readPendingRetention.bind({ wait_ms: shorterRetentionWaitsMs }),
      signal,
    );
    return {
      retentionMs: row?.retention_ms ?? 0,
      isRequested: row?.is_requested ?? false,
      pending: pending.map((each) => ({
        subject: each.subject,
        appliedMs: each.applied_ms,
        retentionMs: each.retention_ms,
        waitsMs: each.waits_ms,
      })),
    };
  }

  /** Sets how long spans are kept. A shorter time applies after 24 hours, or at once if it is confirmed in SQL. */
  @Put('retention')
  @ApiResponse({ status: 200, description: 'as it is set from now on', standardSchema: retention })
  async setRetention(
    @Body({ schema: retentionRequest }) { retentionMs }: RetentionRequest,
    @ClientSignal() signal: AbortSignal,
  ): Promise<Retention> {
    await this.change(requestRetention.bind({ retention_ms: retentionMs }));
    return this.retention(signal);
  }

  /** Applies a shorter retention within seconds that would otherwise wait. What is older is then deleted. */
  @Post('retention/confirmation')
  @HttpCode(200)
  @ApiResponse({ status: 200, description: 'as it is set', standardSchema: retention })
  @ApiResponse({ status: 400, description: 'No such retention is set' })
  async confirmRetention(
    @Body({ schema: retentionConfirmation }) { retentionMs }: RetentionConfirmation,
    @ClientSignal() signal: AbortSignal,
  ): Promise<Retention> {
    await this.change(confirmRetention.bind({ retention_ms: retentionMs }));
    return this.retention(signal);
  }

  private async change(statement: BoundStatement): Promise<void> {
    try {
      const client = await this.store.connect();
      try {
        await client.query(statement);
      } finally {
        client.release();
      }
    } catch (cause) {
      this.store.noteFailure(cause);
      throw queryErrorOf(cause, undefined);
    }
  }
}

/** Returns the version of the package that this file is in. */
function readVersion(): string {
  const file = findPackageJSON('.', import.meta.url);
  if (file === undefined) return 'unknown';
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: string }).version ?? 'unknown';
}
