import { describe, expect, it, vi } from 'vitest';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { readTracestoreConfig } from '../config/tracestore.config.js';
import { AdmissionService, type Reservation } from './admission.service.js';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const admissionOf = (maxBytesInFlight: number, metrics = new IngestMetricsService()): AdmissionService =>
  new AdmissionService({ ...readTracestoreConfig({}), maxBytesInFlight }, metrics);
const overloaded = expect.objectContaining({ kind: expect.objectContaining({ code: 'overloaded' }) });

const local = '127.0.0.1';
const other = '192.0.2.1';

describe('admission', () => {
  it('refuses a request without room, and admits it when others have released theirs', () => {
    // One eighth is reserved for small requests.
    const admission = admissionOf(160 * kibibyte);
    const [first, second] = [admission.open(local), admission.open(local)];
    first.grow(64 * kibibyte);
    second.grow(44 * kibibyte);
    expect(() => second.grow(1)).toThrow(overloaded);
    first.shrink(20 * kibibyte);
    second.grow(20 * kibibyte);
    first.release();
    second.grow(60 * kibibyte);
  });

  it('counts the headers of a request before its first byte', () => {
    const admission = admissionOf(160 * kibibyte);
    const opened = [];
    for (let n = 0; n < 8; n += 1) opened.push(admission.open(local));
    expect(() => admission.open(local)).toThrow(overloaded);
    opened[0]?.release();
    admission.open(local);
  });

  it('admits a request of any size when it is alone', () => {
    const admission = admissionOf(kibibyte);
    const alone = admission.open(local);
    alone.grow(1_000 * kibibyte);
    expect(() => admission.open(local)).toThrow(overloaded);
    alone.grow(1_000 * kibibyte);
  });

  it('holds nothing after every reservation is released, once or twice, as the metric shows', async () => {
    const metrics = new IngestMetricsService();
    const reservation = admissionOf(100 * kibibyte, metrics).open(local);
    reservation.grow(10 * kibibyte);
    expect(await metrics.expose()).toContain('tracestore_ingest_in_flight_bytes 26624\n');
    reservation.release();
    reservation.release();
    expect(await metrics.expose()).toContain('tracestore_ingest_in_flight_bytes 0\n');
  });

  it('keeps room for small requests beside large ones of the same client', () => {
    const admission = admissionOf(64 * mebibyte);
    const large = Array.from({ length: 8 }, () => admission.open(local));
    expect(() => large.forEach((reservation) => reservation.grow(8 * mebibyte))).toThrow(overloaded);
    const small = admission.open(local);
    small.grow(900 * kibibyte);
    expect(() => small.grow(8 * mebibyte)).toThrow(overloaded);
  });

  it('admits small requests beside one that holds all bytes, and the reverse', () => {
    const admission = admissionOf(64 * mebibyte);
    const small = Array.from({ length: 3 }, () => admission.open(local));
    const huge = admission.open(local);
    huge.grow(64 * mebibyte);
    small.forEach((reservation) => reservation.grow(500 * kibibyte));
    admission.open(other).grow(500 * kibibyte);
    expect(() => admission.open(other).grow(8 * mebibyte)).toThrow(overloaded);
  });

  it('gives a client at most half while another waits, otherwise all but the reserve', () => {
    const admission = admissionOf(64 * mebibyte);
    const greedy = Array.from({ length: 56 }, () => admission.open(local));
    for (const reservation of greedy.slice(0, 54)) reservation.grow(mebibyte);
    const waiting = admission.open(other);
    expect(() => waiting.grow(8 * mebibyte)).toThrow(overloaded);
    for (const reservation of greedy.slice(0, 10)) reservation.release();
    expect(() => greedy[54]?.grow(2 * mebibyte)).toThrow(overloaded);
    waiting.grow(8 * mebibyte);
    for (const reservation of greedy.slice(10, 40)) reservation.release();
    greedy[54]?.grow(2 * mebibyte);
  });

  it('evicts only slow senders when a request has no room', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const admission = admissionOf(64 * mebibyte);
      const evicted: string[] = [];
      const send = (name: string, bytes: number): Reservation => {
        const reservation = admission.open(local);
        reservation.receive(() => evicted.push(name));
        reservation.grow(bytes);
        return reservation;
      };
      send('stalled', 20 * mebibyte);
      const trickling = send('trickling', 10 * mebibyte);
      const fast = send('fast', 10 * mebibyte);
      const written = send('written', 10 * mebibyte);
      written.receive(() => undefined)();
      const progress = (): void => {
        vi.advanceTimersByTime(500);
        trickling.grow(100);
        fast.grow(100 * kibibyte);
      };
      const newcomer = admission.open(local);
      expect(() => newcomer.grow(12 * mebibyte)).toThrow(overloaded);
      for (let n = 0; n < 6; n += 1) progress();
      newcomer.grow(12 * mebibyte);
      expect(evicted).toEqual(['stalled']);
      newcomer.grow(20 * mebibyte);
      expect(evicted).toEqual(['stalled', 'trickling']);
      expect(() => trickling.grow(1)).toThrow(overloaded);
      expect(() => newcomer.grow(20 * mebibyte)).toThrow(overloaded);
      expect(evicted).toEqual(['stalled', 'trickling']);
    } finally {
      vi.useRealTimers();
    }
  });
});
