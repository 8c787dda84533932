import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { CallRollupService } from './call-rollup.service.js';

/** Aggregates calls in the background. */
@Module({
  imports: [DatabaseModule, MetricsModule],
  providers: [CallRollupService],
})
export class AggregateModule {}
