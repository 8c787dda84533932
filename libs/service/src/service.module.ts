import { type DynamicModule, Module } from '@nestjs/common';
import { TelemetryModule } from '@spandrel/telemetry';
import { LoggerModule } from 'nestjs-pino';
import { HealthController } from './health.controller.js';
import { loggerParams } from './logging.js';
import type { LogLevel } from './service.config.js';

/** What every service has besides its own work: logs, probes, and telemetry that is flushed at the end. */
@Module({ imports: [TelemetryModule], controllers: [HealthController] })
export class ServiceModule {
  /**
   * @param name the service's name, as in `service.name`
   * @param logLevel the least severe level that is written
   */
  static forRoot(name: string, logLevel: LogLevel): DynamicModule {
    return { module: ServiceModule, imports: [LoggerModule.forRoot(loggerParams(name, logLevel))] };
  }
}
