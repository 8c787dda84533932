import { Injectable, Optional } from '@nestjs/common';
import { ServiceMetrics } from '@spandrel/service';
import { Counter, Histogram } from 'prom-client';

/** The API that a query came by. */
export type QueryProtocol = 'console' | 'jaeger-grpc' | 'jaeger-http' | 'tempo-grpc' | 'tempo-http';

/** What a query asks for, by whichever API. */
export type QueryKind =
  | 'search'
  | 'heatmap'
  | 'comparison'
  | 'trace'
  | 'names'
  | 'services'
  | 'dashboards'
  | 'sql'
  | 'system'
  /** A route without a kind. */
  | 'other';

/** A query that has ended. */
export interface QueryFacts {
  readonly protocol: QueryProtocol;
  readonly kind: QueryKind;
  /** From its headers to the end of the response. */
  readonly durationSeconds: number;
  /** The code of the error table, or the status where an error has no code; undefined after success. */
  readonly errorCode: string | undefined;
}

/** From a point read to the time limit of a query. */
const durationBucketsS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The metrics of reading. No label has a value that a client chooses. */
@Injectable()
export class QueryMetricsService {
  private readonly durations: Histogram<'protocol' | 'kind'>;
  private readonly errors: Counter<'protocol' | 'kind' | 'code'>;

  /** @param service by default, one of its own */
  constructor(@Optional() { registry }: ServiceMetrics = new ServiceMetrics()) {
    this.durations = new Histogram({
      name: 'tracestore_query_duration_seconds',
      help: 'Time from a query to the end of its response, failed ones included',
      labelNames: ['protocol', 'kind'],
      buckets: durationBucketsS,
      registers: [registry],
    });
    this.errors = new Counter({
      name: 'tracestore_query_errors_total',
      help: 'Queries that ended with an error, by its code',
      labelNames: ['protocol', 'kind', 'code'],
      registers: [registry],
    });
  }

  /** Counts a query that has ended. */
  queryEnded({ protocol, kind, durationSeconds, errorCode }: QueryFacts): void {
    this.durations.observe({ protocol, kind }, durationSeconds);
    // So that the first internal error is an increase.
    this.errors.inc({ protocol, kind, code: 'internal' }, 0);
    if (errorCode !== undefined) this.errors.inc({ protocol, kind, code: errorCode });
  }
}
