import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { QueryModule } from '../query/query.module.js';
import { ReceiveModule } from '../receive/receive.module.js';
import { JaegerV1Controller } from './http/jaeger-v1.controller.js';
import { JaegerV3Controller } from './http/jaeger-v3.controller.js';
import { CallAccess } from '../protocols/call-access.js';
import { JaegerGrpcService } from './jaeger-grpc.service.js';

/** Jaeger's storage API over gRPC and Jaeger's HTTP APIs. */
@Module({
  imports: [AccessModule, DatabaseModule, MetricsModule, QueryModule, ReceiveModule],
  controllers: [JaegerV3Controller, JaegerV1Controller],
  providers: [CallAccess, JaegerGrpcService],
})
export class JaegerModule {}
