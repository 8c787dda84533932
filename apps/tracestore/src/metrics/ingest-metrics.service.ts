import { Injectable, Optional } from '@nestjs/common';
import { ServiceMetrics } from '@spandrel/service';
import { Counter, Gauge, Histogram } from 'prom-client';

/** How a request arrived. */
const ingestProtocols = ['grpc', 'http'] as const;
export type IngestProtocol = (typeof ingestProtocols)[number];

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

/** The codes of rejections that alerts watch: faults of the store, not of the sender. */
const ownFaults = ['overloaded', 'unavailable', 'internal'] as const;

/** From the commit time of a fast disk to the statement time-out. */
const commitSecondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const commitRequestsBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const commitSpansBuckets = [1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000];

/**
 * The metrics of receiving and writing for Prometheus: counters that only grow, gauges that are read at each scrape, base
 * units in the names. No method fails or costs more than a few additions: they are called once for each request or commit.
 */
@Injectable()
export class IngestMetricsService {
  /** The names of the metrics of this class. */
  private readonly names = new Set<string>();
  private readonly registry: ServiceMetrics['registry'];
  private readonly requests: Counter<'protocol'>;
  private readonly receivedBytes: Counter<'protocol'>;
  private readonly refused: Counter<'code'>;
  private readonly accepted: Counter<'protocol'>;
  private readonly rejected: Counter<'reason'>;
  private readonly commits: Counter;
  private readonly commitFailures: Counter<'code'>;
  private readonly ledgerHits: Counter;
  private readonly aggregated: Counter;
  private readonly commitSeconds: Histogram;
  private readonly commitRequests: Histogram;
  private readonly commitSpans: Histogram;
  private readonly held: Gauge<'reason'>;

  /** @param service by default, one of its own */
  constructor(@Optional() service: ServiceMetrics = new ServiceMetrics()) {
    this.registry = service.registry;
    this.requests = this.counter(`${prefix}requests_total`, 'Requests that began to come in', ['protocol']);
    this.receivedBytes = this.counter(
      `${prefix}received_bytes_total`,
      'Bytes of request bodies, compressed as they came',
      ['protocol'],
    );
    this.refused = this.counter(`${prefix}requests_refused_total`, 'Rejected requests; no part of them was stored', [
      'code',
    ]);
    this.accepted = this.counter(
      `${prefix}spans_accepted_total`,
      'Spans that are committed and acknowledged; a retry does not count again',
      ['protocol'],
    );
    this.rejected = this.counter(`${prefix}spans_rejected_total`, 'Spans left out of a request that was stored', [
      'reason',
    ]);
    this.commits = this.counter(`${prefix}commits_total`, 'Transactions that stored requests', []);
    this.commitFailures = this.counter(
      `${prefix}commit_failures_total`,
      'Transactions that failed because the database did not work, by the kind of the failure',
      ['code'],
    );
    this.ledgerHits = this.counter(
      `${prefix}ledger_hits_total`,
      'Requests answered as success because they had been stored already',
      [],
    );
    this.aggregated = this.counter(
      'tracestore_aggregation_spans_total',
      'Spans that this process has counted as calls',
      [],
    );
    this.commitSeconds = this.histogram(
      'commit_duration_seconds',
      'How long a transaction took, from its first byte to the commit',
      commitSecondsBuckets,
    );
    this.commitRequests = this.histogram(
      'commit_requests',
      'Requests that shared a transaction',
      commitRequestsBuckets,
    );
    this.commitSpans = this.histogram('commit_spans', 'Spans that shared a transaction', commitSpansBuckets);
    this.held = this.labelledGauge(
      'tracestore_lifecycle_held',
      'Whether the lifecycle drops less than is configured, by reason: 1 or 0',
      ['reason'],
    );
    for (const reason of holdReasons) this.held.set({ reason }, 0);
    // So that the first event is an increase.
    for (const code of ownFaults) this.refused.inc({ code }, 0);
    for (const protocol of ingestProtocols) {
      for (const counter of [this.requests, this.receivedBytes, this.accepted]) counter.inc({ protocol }, 0);
    }
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
  spansAccepted(protocol: IngestProtocol, count: number): void {
    this.accepted.inc({ protocol }, count);
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

  /** Counts a transaction that failed. @param code of the problem of the database, such as `disk-full` */
  commitFailed(code: string): void {
    this.commitFailures.inc({ code });
  }

  /** Counts spans that are in the aggregates now. */
  spansAggregated(count: number): void {
    this.aggregated.inc(count);
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

  /** @returns the metrics of this class: of receiving, writing and aggregation */
  async read(): Promise<readonly MetricReading[]> {
    const metrics = await this.registry.getMetricsAsJSON();
    return metrics
      .filter(({ name }) => this.names.has(name))
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
    this.names.add(name);
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  private histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    this.names.add(prefix + name);
    return new Histogram({ name: prefix + name, help, buckets: [...buckets], registers: [this.registry] });
  }

  private labelledGauge<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> {
    this.names.add(name);
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  private gauge(name: string, help: string, read: () => number): void {
    this.names.add(name);
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      collect: (): void => gauge.set(read()),
    });
  }
}
