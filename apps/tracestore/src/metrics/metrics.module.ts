import { Module } from '@nestjs/common';
import { IngestMetricsService } from './ingest-metrics.service.js';
import { MetricsController } from './metrics.controller.js';

/** The metrics of tracestore, and `/metrics` for Prometheus. */
@Module({
  controllers: [MetricsController],
  providers: [IngestMetricsService],
  exports: [IngestMetricsService],
})
export class MetricsModule {}
