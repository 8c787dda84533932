import { describe, expect, it } from 'vitest';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { readTracestoreConfig } from '../tracestore.config.js';
import { AdmissionService } from './admission.service.js';

const kibibyte = 1024;
const admissionOf = (maxBytesInFlight: number, metrics = new IngestMetricsService()): AdmissionService =>
  new AdmissionService({ ...readTracestoreConfig({}), maxBytesInFlight }, metrics);
const overloaded = expect.objectContaining({ kind: expect.objectContaining({ code: 'overloaded' }) });

describe('admission', () => {
  it('refuses what has no room beside the others, and has room again when they give theirs back', () => {
    const admission = admissionOf(132 * kibibyte);
    const [first, second] = [admission.open(), admission.open()];
    first.grow(60 * kibibyte);
    second.grow(40 * kibibyte);
    expect(() => second.grow(1)).toThrow(overloaded);
    first.shrink(20 * kibibyte);
    second.grow(20 * kibibyte);
    first.release();
    second.grow(56 * kibibyte);
  });

  it('counts a request before its first byte', () => {
    const admission = admissionOf(160 * kibibyte);
    for (let n = 0; n < 10; n += 1) admission.open();
    expect(() => admission.open()).toThrow(overloaded);
  });

  it('has room for whatever comes alone', () => {
    const admission = admissionOf(kibibyte);
    const alone = admission.open();
    alone.grow(1_000 * kibibyte);
    expect(() => admission.open()).toThrow(overloaded);
    alone.grow(1_000 * kibibyte);
  });

  it('holds nothing when all is given back, once or twice, and tells the metrics so', async () => {
    const metrics = new IngestMetricsService();
    const lease = admissionOf(100 * kibibyte, metrics).open();
    lease.grow(10 * kibibyte);
    expect(await metrics.expose()).toContain('tracestore_ingest_in_flight_bytes 26624\n');
    lease.release();
    lease.release();
    expect(await metrics.expose()).toContain('tracestore_ingest_in_flight_bytes 0\n');
  });
});
