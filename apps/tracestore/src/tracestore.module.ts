import { type DynamicModule, Module } from '@nestjs/common';
import { READINESS_CHECK, type ReadinessCheck } from '@spandrel/service';
import { ROUTE_ERROR_BODY } from './console/access/console-gate.js';
import { consoleParts } from './console/console-parts.js';
import { IngestMetricsService } from './metrics/ingest-metrics.service.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { jaegerErrorBody } from './jaeger/http/jaeger-http-error.js';
import { JaegerV1Controller } from './jaeger/http/jaeger-v1.controller.js';
import { JaegerV3Controller } from './jaeger/http/jaeger-v3.controller.js';
import { JaegerGrpcService } from './jaeger/jaeger-grpc.service.js';
import { AdmissionService } from './receive/admission.service.js';
import { DatabaseClockService } from './lifecycle/database-clock.service.js';
import { LifecycleService } from './lifecycle/lifecycle.service.js';
import { GrpcExportService } from './receive/grpc-export.service.js';
import { GrpcReceiverService } from './receive/grpc-receiver.service.js';
import { HttpReceiverService } from './receive/http-receiver.service.js';
import { TraceIngestService } from './receive/trace-ingest.service.js';
import { QueryDatabaseService } from './query/query-database.service.js';
import { CallRollupService } from './aggregate/call-rollup.service.js';
import { DatabaseService } from './database/database.service.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from './config/tracestore.config.js';
import { TraceWriterService } from './write/trace-writer.service.js';

/** OTLP in, rows out. */
@Module({})
export class TracestoreModule {
  static forRoot(config: TracestoreConfig): DynamicModule {
    const console = consoleParts(config.console);
    return {
      module: TracestoreModule,
      imports: console.imports,
      controllers: [...console.controllers, MetricsController, JaegerV3Controller, JaegerV1Controller],
      providers: [
        ...console.providers,
        { provide: TRACESTORE_CONFIG, useValue: config },
        { provide: ROUTE_ERROR_BODY, useValue: jaegerErrorBody },
        IngestMetricsService,
        DatabaseService,
        QueryDatabaseService,
        TraceWriterService,
        DatabaseClockService,
        LifecycleService,
        CallRollupService,
        AdmissionService,
        TraceIngestService,
        GrpcExportService,
        GrpcReceiverService,
        HttpReceiverService,
        JaegerGrpcService,
        {
          provide: READINESS_CHECK,
          useFactory:
            (database: DatabaseService): ReadinessCheck =>
            () =>
              database.check(),
          inject: [DatabaseService],
        },
      ],
    };
  }
}
