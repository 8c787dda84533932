import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { AggregationService } from './aggregation.service.js';

/** Aggregates calls in the background. */
@Module({
  imports: [DatabaseModule, MetricsModule],
  providers: [AggregationService],
})
export class AggregateModule {}
