import { Module } from '@nestjs/common';
import { READINESS_CHECK, type ReadinessCheck } from '@spandrel/service';
import { DatabaseService } from './database.service.js';

/** The connection to PostgreSQL. The process is ready while the database has the schema of this build. */
@Module({
  providers: [
    DatabaseService,
    {
      provide: READINESS_CHECK,
      useFactory:
        (database: DatabaseService): ReadinessCheck =>
        () =>
          database.check(),
      inject: [DatabaseService],
    },
  ],
  exports: [DatabaseService],
})
export class DatabaseModule {}
