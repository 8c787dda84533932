import { describe, expect, it } from 'vitest';
import { IngestMetricsService } from './ingest-metrics.service.js';

/** @returns the samples about ingest in the text exposition, by name and labels */
async function samplesOf(metrics: IngestMetricsService): Promise<Readonly<Record<string, number>>> {
  const lines = (await metrics.expose()).split('\n').filter((line) => line.startsWith('tracestore_ingest_'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

describe('IngestMetricsService', () => {
  it('starts counters at zero, so that the first event of each kind is an increase', async () => {
    expect(await samplesOf(new IngestMetricsService())).toMatchObject({
      'tracestore_ingest_requests_total{protocol="grpc"}': 0,
      'tracestore_ingest_received_bytes_total{protocol="grpc"}': 0,
      'tracestore_ingest_spans_accepted_total{protocol="http"}': 0,
      tracestore_ingest_commits_total: 0,
      tracestore_ingest_ledger_hits_total: 0,
      tracestore_ingest_commit_duration_seconds_count: 0,
    });
  });

  it('counts events by their labels', async () => {
    const metrics = new IngestMetricsService();
    metrics.requestReceived('http');
    metrics.bytesReceived('http', 1_000);
    metrics.requestRefused('overloaded');
    metrics.spansAccepted('grpc', 30);
    metrics.spansAccepted('http', 5);
    metrics.spansAccepted('grpc', 12);
    metrics.commitFailed('disk-full');
    metrics.spansRejected('bad-id', 2);
    metrics.committed({ durationSeconds: 0.02, requests: 3, spans: 42 });
    metrics.ledgerHit();
    expect(await samplesOf(metrics)).toMatchObject({
      'tracestore_ingest_requests_total{protocol="http"}': 1,
      'tracestore_ingest_received_bytes_total{protocol="http"}': 1_000,
      'tracestore_ingest_requests_refused_total{code="overloaded"}': 1,
      'tracestore_ingest_spans_accepted_total{protocol="grpc"}': 42,
      'tracestore_ingest_spans_accepted_total{protocol="http"}': 5,
      'tracestore_ingest_commit_failures_total{code="disk-full"}': 1,
      'tracestore_ingest_spans_rejected_total{reason="bad-id"}': 2,
      tracestore_ingest_commits_total: 1,
      tracestore_ingest_ledger_hits_total: 1,
      'tracestore_ingest_commit_duration_seconds_bucket{le="0.01"}': 0,
      'tracestore_ingest_commit_duration_seconds_bucket{le="0.025"}': 1,
      tracestore_ingest_commit_requests_sum: 3,
      tracestore_ingest_commit_spans_sum: 42,
    });
  });

  it('reads gauges at each scrape', async () => {
    const metrics = new IngestMetricsService();
    let bytes = 5;
    metrics.observeInFlight(() => bytes, 100);
    metrics.observeQueue(() => ({ requests: 2, bytes: 2 * bytes }));
    bytes = 7;
    expect(await samplesOf(metrics)).toMatchObject({
      tracestore_ingest_in_flight_bytes: 7,
      tracestore_ingest_in_flight_limit_bytes: 100,
      tracestore_ingest_queued_requests: 2,
      tracestore_ingest_queued_bytes: 14,
    });
  });

  it('exposes the metrics of the process', async () => {
    expect(await new IngestMetricsService().expose()).toContain('process_resident_memory_bytes');
  });

  it('counts separately for each store in a process', async () => {
    const [one, other] = [new IngestMetricsService(), new IngestMetricsService()];
    one.spansAccepted('grpc', 1);
    expect((await samplesOf(other))['tracestore_ingest_spans_accepted_total{protocol="grpc"}']).toBe(0);
  });
});
