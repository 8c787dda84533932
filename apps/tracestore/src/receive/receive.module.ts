import { Module } from '@nestjs/common';
import { MetricsModule } from '../metrics/metrics.module.js';
import { WriteModule } from '../write/write.module.js';
import { AdmissionService } from './admission.service.js';
import { GrpcExportService } from './grpc-export.service.js';
import { GrpcReceiverService } from './grpc-receiver.service.js';
import { HttpReceiverService } from './http-receiver.service.js';
import { TraceIngestService } from './trace-ingest.service.js';

/**
 * OTLP over gRPC and HTTP, each on its own port. Both are servers of their own beside Nest's: they count the bytes of a
 * request while it arrives, and reject it before its body is complete.
 */
@Module({
  imports: [MetricsModule, WriteModule],
  providers: [AdmissionService, TraceIngestService, GrpcExportService, GrpcReceiverService, HttpReceiverService],
  exports: [GrpcExportService],
})
export class ReceiveModule {}
