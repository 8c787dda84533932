import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { IngestMetricsService } from './ingest-metrics.service.js';

/** Serves the metrics in the text format of Prometheus. */
@ApiExcludeController()
@Controller()
export class MetricsController {
  constructor(@Inject(IngestMetricsService) private readonly metrics: IngestMetricsService) {}

  @Get('metrics')
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  read(): Promise<string> {
    return this.metrics.expose();
  }
}
