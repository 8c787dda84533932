import { type DynamicModule, Module } from '@nestjs/common';
import { TRACESTORE_CONFIG, type TracestoreConfig } from './tracestore.config.js';

/** Provides the configuration to every module. */
@Module({})
export class ConfigModule {
  static forRoot(config: TracestoreConfig): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: TRACESTORE_CONFIG, useValue: config }],
      exports: [TRACESTORE_CONFIG],
    };
  }
}
