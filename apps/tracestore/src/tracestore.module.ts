import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AggregateModule } from './aggregate/aggregate.module.js';
import { ConfigModule } from './config/config.module.js';
import type { TracestoreConfig } from './config/tracestore.config.js';
import { ConsoleModule } from './console/console.module.js';
import { HttpErrorFilter, ROUTE_ERROR_BODY, type RouteErrorBody } from './errors/http-error.filter.js';
import { jaegerErrorBody } from './jaeger/http/jaeger-error-body.js';
import { JaegerModule } from './jaeger/jaeger.module.js';
import { LifecycleModule } from './lifecycle/lifecycle.module.js';
import { ObserveModule } from './observe/observe.module.js';
import { ReceiveModule } from './receive/receive.module.js';
import { tempoErrorText } from './tempo/http/tempo-error-body.js';
import { TempoModule } from './tempo/tempo.module.js';

/** The errors of Jaeger's APIs are JSON of their own, and those of Tempo's are texts. */
const errorBodyOf: RouteErrorBody = (route, problem) => {
  const json = jaegerErrorBody(route, problem);
  if (json !== undefined) return { type: 'application/json', body: json };
  const text = tempoErrorText(route, problem);
  return text === undefined ? undefined : { type: 'text/plain; charset=utf-8', body: text };
};

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
        TempoModule,
        ConsoleModule,
        ObserveModule,
      ],
      providers: [
        { provide: APP_FILTER, useClass: HttpErrorFilter },
        { provide: ROUTE_ERROR_BODY, useValue: errorBodyOf },
      ],
    };
  }
}
