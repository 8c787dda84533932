import { Module } from '@nestjs/common';
import { IngestMetricsService } from './ingest-metrics.service.js';
import { LifecycleMetricsService } from './lifecycle-metrics.service.js';
import { QueryMetricsService } from './query-metrics.service.js';
import { StoreMetricsService } from './store-metrics.service.js';

const services = [IngestMetricsService, LifecycleMetricsService, QueryMetricsService, StoreMetricsService];

/** The metrics of tracestore, in the registry that `/metrics` exposes. */
@Module({ providers: services, exports: services })
export class MetricsModule {}
