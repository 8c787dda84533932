import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import type { BackendConfig } from './backend.config.js';
import { DatabaseStartService } from './database-start.service.js';
import { CreateRandomNumber1700000000000 } from './migrations/1700000000000-create-random-number.js';
import { NumbersModule } from './numbers/numbers.module.js';
import { RandomNumberEntity } from './numbers/random-number.entity.js';

/** How long a request waits for a database connection before it fails, in ms. */
const connectTimeoutMs = 2000;

@Module({ imports: [NumbersModule] })
export class BackendModule {
  static forRoot(config: BackendConfig): DynamicModule {
    return {
      module: BackendModule,
      providers: [DatabaseStartService],
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          // Otherwise TypeORM requires the driver by a computed name, which the build of the image cannot detect.
          driver: pg,
          url: config.BACKEND_DATABASE_URL,
          applicationName: 'backend',
          entities: [RandomNumberEntity],
          migrations: [CreateRandomNumber1700000000000],
          migrationsRun: true,
          synchronize: false,
          poolSize: 5,
          extra: { connectionTimeoutMillis: connectTimeoutMs },
          // DatabaseStartService does it.
          manualInitialization: true,
        }),
      ],
    };
  }
}
