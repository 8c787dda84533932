import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { DatabaseClockService } from './database-clock.service.js';
import { LifecycleService } from './lifecycle.service.js';

/** Partitions, compression, retention and clean-up in the background. */
@Module({
  imports: [DatabaseModule, MetricsModule],
  providers: [DatabaseClockService, LifecycleService],
})
export class LifecycleModule {}
