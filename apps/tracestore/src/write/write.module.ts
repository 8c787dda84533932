import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { TraceWriterService } from './trace-writer.service.js';

/** Stores each request once, in one transaction. */
@Module({
  imports: [DatabaseModule, MetricsModule],
  providers: [TraceWriterService],
  exports: [TraceWriterService],
})
export class WriteModule {}
