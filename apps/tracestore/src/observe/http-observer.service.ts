import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { whenClosed } from '@spandrel/service';
import type { FastifyInstance } from 'fastify';
import { errorCodeOf } from '../errors/http-error.filter.js';
import { QueryMetricsService } from '../metrics/query-metrics.service.js';
import { queryOf } from './query-kinds.js';

/** Measures the queries of the HTTP port: of the console's API, Jaeger's HTTP APIs and Tempo's. */
@Injectable()
export class HttpObserverService implements OnModuleInit {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly metrics: QueryMetricsService,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', ({ routeOptions: { url } }, { raw }, done) => {
      const query = queryOf(url);
      if (query !== undefined) {
        const startMs = performance.now();
        whenClosed(raw, () => {
          const { statusCode, writableFinished } = raw;
          const failed = statusCode >= 400 ? String(statusCode) : writableFinished ? undefined : 'incomplete';
          this.metrics.queryEnded({
            ...query,
            durationSeconds: (performance.now() - startMs) / 1000,
            errorCode: errorCodeOf(raw) ?? failed,
          });
        });
      }
      done();
    });
  }
}
