import { Module } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { READINESS_CHECK, type ReadinessCheck } from '@spandrel/service';
import type { DataSource } from 'typeorm';
import { NumbersController } from './numbers.controller.js';
import { NumbersService } from './numbers.service.js';
import { RandomNumberEntity } from './random-number.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([RandomNumberEntity])],
  controllers: [NumbersController],
  providers: [
    NumbersService,
    {
      provide: READINESS_CHECK,
      inject: [getDataSourceToken()],
      useFactory:
        (dataSource: DataSource): ReadinessCheck =>
        async () => {
          if (!dataSource.isInitialized) throw new Error('The database has not been reached yet');
          await dataSource.query('SELECT 1');
        },
    },
  ],
})
export class NumbersModule {}
