import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** How a request arrived. */
export type IngestProtocol = 'grpc' | 'http';

/**
 * Why the lifecycle may drop less than configured: this store's clock differs from the database's, a shorter retention is
 * not confirmed yet, or the database's clock went ahead while no store ran.
 */
const holdReasons = ['clock', 'retention', 'time-gap'] as const;
export type HoldReason = (typeof holdReasons)[number];

/** A committed transaction. */
export interface CommitFacts {
  /** From the first byte to the database until the response to the commit. */
  readonly durationSeconds: number;
  readonly requests: number;
  readonly spans: number;
}

/** The current value of a metric. */
export interface MetricReading {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** Values that are read at each scrape. */
export interface IngestQueue {
  readonly requests: number;
  readonly bytes: number;
}

const prefix = 'tracestore_ingest_';
/** The prefix of every metric that is not about the process. */
const ownPrefix = 'tracestore_';

/** From the commit time of a fast disk to the statement time-out. */
const commitSecondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const commitRequestsBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const commitSpansBuckets = [1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000];

/**
 * The metrics of receiving and writing for Prometheus: counters that only grow, gauges that are read at each scrape, base
 * units in the names. Each instance has a registry of its own, because a process may run several stores. No method fails
 * or costs more than a few additions: they are called once for each request or commit.
 */
@Injectable()
export class IngestMetricsService {
  private readonly registry = new Registry();
  private readonly requests = this.counter('requests_total', 'Requests that began to come in', ['protocol']);
  private readonly receivedBytes = this.counter(
    'received_bytes_total',
    'Bytes of request bodies, compressed as they came',
    ['protocol'],
  );
  private readonly refused = this.counter('requests_refused_total', 'Rejected requests; no part of them was stored', [
    'code',
  ]);
  private readonly accepted = this.counter('spans_accepted_total', 'Spans that are committed and acknowledged', []);
  private readonly rejected = this.counter('spans_rejected_total', 'Spans left out of a request that was stored', [
    'reason',
  ]);
  private readonly commits = this.counter('commits_total', 'Transactions that stored requests', []);
  private readonly ledgerHits = this.counter(
    'ledger_hits_total',
    'Requests answered as success because they had been stored already',
    [],
  );
  private readonly commitSeconds = this.histogram(
    'commit_duration_seconds',
    'How long a transaction took, from its first byte to the commit',
    commitSecondsBuckets,
  );
  private readonly commitRequests = this.histogram(
    'commit_requests',
    'Requests that shared a transaction',
    commitRequestsBuckets,
  );
  private readonly commitSpans = this.histogram('commit_spans', 'Spans that shared a transaction', commitSpansBuckets);

  private readonly held: Gauge<'reason'>;

  constructor() {
    this.held = new Gauge({
      name: 'tracestore_lifecycle_held',
      help: 'Whether the lifecycle drops less than is configured, by reason: 1 or 0',
      labelNames: ['reason'],
      registers: [this.registry],
    });
    for (const reason of holdReasons) this.held.set({ reason }, 0);
    collectDefaultMetrics({ register: this.registry });
  }

  /** Counts a request when it begins. */
  requestReceived(protocol: IngestProtocol): void {
    this.requests.inc({ protocol });
  }

  /** Counts received bytes of bodies, before decompression. */
  bytesReceived(protocol: IngestProtocol, bytes: number): void {
    this.receivedBytes.inc({ protocol }, bytes);
  }

  /** @param code of the error table, such as `overloaded` */
  requestRefused(code: string): void {
    this.refused.inc({ code });
  }

  /** Counts spans after their commit. A retry that was stored before does not count again. */
  spansAccepted(count: number): void {
    this.accepted.inc(count);
  }

  /** @param reason one of a short list in kebab-case, never a text of a client */
  spansRejected(reason: string, count: number): void {
    this.rejected.inc({ reason }, count);
  }

  /** Counts a committed transaction. */
  committed({ durationSeconds, requests, spans }: CommitFacts): void {
    this.commits.inc();
    this.commitSeconds.observe(durationSeconds);
    this.commitRequests.observe(requests);
    this.commitSpans.observe(spans);
  }

  /** Counts a request that was found in the ledger and acknowledged. */
  ledgerHit(): void {
    this.ledgerHits.inc();
  }

  /**
   * Shows the queue of requests that wait for a transaction.
   *
   * @param read called at each scrape; must be cheap
   */
  observeQueue(read: () => IngestQueue): void {
    this.gauge(`${prefix}queued_requests`, 'Requests that wait for a transaction', () => read().requests);
    this.gauge(`${prefix}queued_bytes`, 'Bytes of rows that wait for a transaction', () => read().bytes);
  }

  /**
   * Shows the bytes in flight.
   *
   * @param read called at each scrape; must be cheap
   * @param limitBytes above which requests are refused
   */
  observeInFlight(read: () => number, limitBytes: number): void {
    this.gauge(`${prefix}in_flight_bytes`, 'Bytes of requests from their first byte to their response', read);
    this.gauge(`${prefix}in_flight_limit_bytes`, 'Bytes in flight above which requests are refused', () => limitBytes);
  }

  /**
   * Exposes the lag of the aggregated calls.
   *
   * @param read called at each scrape; must be cheap
   */
  observeCallLag(read: () => number): void {
    this.gauge(
      'tracestore_calls_lag_seconds',
      'How long ago all spans that were stored by then had been counted as calls',
      read,
    );
  }

  /**
   * Shows by how much this process's clock is ahead of the database's.
   *
   * @param read seconds; called at each scrape; must be cheap
   */
  observeClockOffset(read: () => number): void {
    this.gauge('tracestore_clock_offset_seconds', "How far this store's clock is ahead of the database's", read);
  }

  /** Whether the lifecycle drops less than is configured, for this reason. */
  lifecycleHeld(reason: HoldReason, isHeld: boolean): void {
    this.held.set({ reason }, isHeld ? 1 : 0);
  }

  /** @returns the metrics of receiving, writing and aggregation, without those of the process */
  async read(): Promise<readonly MetricReading[]> {
    const metrics = await this.registry.getMetricsAsJSON();
    return metrics
      .filter(({ name }) => name.startsWith(ownPrefix))
      .map(({ name, help, type, values }) => ({
        name,
        help,
        type: String(type),
        values: values.map((value) => ({
          // A sample of a histogram has a name of its own.
          name: 'metricName' in value && typeof value.metricName === 'string' ? value.metricName : name,
          labels: Object.fromEntries(Object.entries(value.labels).map(([label, text]) => [label, String(text)])),
          value: value.value,
        })),
      }));
  }

  /** @returns the text exposition of all metrics, with those of the process */
  expose(): Promise<string> {
    return this.registry.metrics();
  }

  private counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name: prefix + name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  private histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return new Histogram({ name: prefix + name, help, buckets: [...buckets], registers: [this.registry] });
  }

  private gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      collect: (): void => gauge.set(read()),
    });
  }
}
