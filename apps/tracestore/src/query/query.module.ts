import { Module } from '@nestjs/common';
import { QueryDatabaseService } from './query-database.service.js';

/** The connections that the read model uses, apart from those of the writers. */
@Module({
  providers: [QueryDatabaseService],
  exports: [QueryDatabaseService],
})
export class QueryModule {}
