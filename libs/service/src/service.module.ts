import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TelemetryModule } from '@spandrel/telemetry';
import { LoggerModule } from 'nestjs-pino';
import { Draining } from './draining.js';
import { HealthController } from './health.controller.js';
import { loggerParams } from './logging.js';
import { MetricsController } from './metrics.controller.js';
import { ProblemDetailsFilter } from './problem-details.filter.js';
import type { LogLevel } from './service.config.js';
import { ServiceMetrics } from './service-metrics.js';
import { UnsentAnswers } from './unsent-answers.js';

/** What every service has besides its own work: logs, probes, metrics, and telemetry that is flushed at the end. */
@Module({ imports: [TelemetryModule], controllers: [HealthController, MetricsController] })
export class ServiceModule {
  /**
   * @param name the service's name, as in `service.name`
   * @param logLevel the least severe level that is written
   * @param draining for all that listen
   * @param unsent for all that answer
   * @param metrics for all that count
   */
  static forRoot(
    name: string,
    logLevel: LogLevel,
    draining: Draining,
    unsent: UnsentAnswers,
    metrics: ServiceMetrics,
  ): DynamicModule {
    return {
      module: ServiceModule,
      global: true,
      imports: [LoggerModule.forRoot(loggerParams(name, logLevel))],
      providers: [
        { provide: APP_FILTER, useClass: ProblemDetailsFilter },
        { provide: Draining, useValue: draining },
        { provide: UnsentAnswers, useValue: unsent },
        { provide: ServiceMetrics, useValue: metrics },
      ],
      exports: [Draining, UnsentAnswers, ServiceMetrics],
    };
  }
}
