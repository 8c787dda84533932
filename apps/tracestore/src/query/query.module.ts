import { Module } from '@nestjs/common';
import { QueryDatabaseService } from './query-database.service.js';
import { TraceqlService } from './traceql/traceql.service.js';

/** The connections that the read model uses, apart from those of the writers, and TraceQL. */
@Module({
  providers: [QueryDatabaseService, TraceqlService],
  exports: [QueryDatabaseService, TraceqlService],
})
export class QueryModule {}
