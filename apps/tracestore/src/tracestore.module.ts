import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AggregateModule } from './aggregate/aggregate.module.js';
import { ConfigModule } from './config/config.module.js';
import type { TracestoreConfig } from './config/tracestore.config.js';
import { ConsoleModule } from './console/console.module.js';
import { HttpErrorFilter, ROUTE_ERROR_BODY } from './errors/http-error.filter.js';
import { jaegerErrorBody } from './jaeger/http/jaeger-error-body.js';
import { JaegerModule } from './jaeger/jaeger.module.js';
import { LifecycleModule } from './lifecycle/lifecycle.module.js';
import { ObserveModule } from './observe/observe.module.js';
import { ReceiveModule } from './receive/receive.module.js';

/** Receives traces over OTLP, stores them in PostgreSQL, and answers queries. */
@Module({})
export class TracestoreModule {
  static forRoot(config: TracestoreConfig): DynamicModule {
    return {
      module: TracestoreModule,
      imports: [
        ConfigModule.forRoot(config),
        ReceiveModule,
        AggregateModule,
        LifecycleModule,
        JaegerModule,
        ConsoleModule,
        ObserveModule,
      ],
      providers: [
        { provide: APP_FILTER, useClass: HttpErrorFilter },
        { provide: ROUTE_ERROR_BODY, useValue: jaegerErrorBody },
      ],
    };
  }
}
