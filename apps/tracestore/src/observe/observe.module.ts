import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { QueryModule } from '../query/query.module.js';
import { HttpObserverService } from './http-observer.service.js';
import { StoreObserverService } from './store-observer.service.js';

/** Metrics that are read from other parts of the store: queries over HTTP, connection pools, state and sizes. */
@Module({
  imports: [DatabaseModule, MetricsModule, QueryModule],
  providers: [HttpObserverService, StoreObserverService],
})
export class ObserveModule {}
