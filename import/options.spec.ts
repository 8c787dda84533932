import { describe, expect, it } from 'vitest';
import { nameOfSource, parseOptions } from './options.ts';

const nowMs = Date.parse('2026-01-31T12:00Z');
const day = 86_400_000;
const parse = (line: string, environment: Readonly<Record<string, string>> = {}) =>
  parseOptions(line.split(' '), environment, nowMs);

describe('parseOptions', () => {
  it.each([
    ['otlp a.jsonl b.jsonl', { is: 'otlp-files', files: ['a.jsonl', 'b.jsonl'] }],
    ['jaeger trace.json', { is: 'jaeger-files', files: ['trace.json'] }],
    ['jaeger http://localhost:16686/', { is: 'jaeger-service', url: 'http://localhost:16686' }],
    ['promscale postgres://me@localhost/tsdb', { is: 'promscale', url: 'postgres://me@localhost/tsdb' }],
  ])('reads the source: %s', (line, source) => {
    expect(parse(line)?.source).toEqual(source);
  });

  it('reads all of Promscale and the last days of Jaeger by default', () => {
    expect(parse('promscale postgres://localhost/tsdb')).toMatchObject({ fromMs: 0, untilMs: nowMs });
    expect(parse('jaeger http://localhost')).toMatchObject({ fromMs: nowMs - 7 * day, untilMs: nowMs });
    expect(parse('jaeger http://localhost --from 2d --until 2026-01-30T00:00Z')).toMatchObject({
      fromMs: nowMs - 2 * day,
      untilMs: nowMs - 1.5 * day,
    });
  });

  it.each([
    ['otlp f', {}, 'http://127.0.0.1:4318/v1/traces'],
    ['otlp f', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a.example/x/' }, 'https://a.example/x/v1/traces'],
    ['otlp f --to http://b:1/v1/traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a' }, 'http://b:1/v1/traces'],
  ])('sends to the traces of the endpoint: %s', (line, environment, url) => {
    expect(parse(line, environment)?.tracesUrl).toBe(url);
  });

  it("reads headers as OpenTelemetry's SDKs do", () => {
    const OTEL_EXPORTER_OTLP_HEADERS = 'authorization=Bearer%20a=, x-tenant=1';
    expect(parse('otlp f', { OTEL_EXPORTER_OTLP_HEADERS })?.headers).toEqual({
      authorization: 'Bearer a=',
      'x-tenant': '1',
    });
  });

  it.each([
    ['otlp', 'what to import is missing'],
    ['tempo x', 'the source must be promscale, jaeger or otlp, got tempo'],
    ['promscale localhost', 'promscale needs a URL such as postgres://'],
    ['promscale postgres://a postgres://b', 'promscale takes one URL'],
    ['otlp f --to localhost:4318', '--to must be a URL'],
    ['otlp f --page 0', '--page must be an integer from 1 to 10000, got 0'],
    ['otlp f --give-up soon', '--give-up must be a time such as'],
    ['jaeger http://a --from yesterday', '--from must be a time such as'],
    ['jaeger http://a --from 1d --until 2d', '--from must be before --until'],
    ['otlp f --what', "Unknown option '--what'"],
  ])('rejects %s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });
});

describe('nameOfSource', () => {
  it('has no password', () => {
    const url = 'postgres://me:secret@localhost:5432/tsdb?sslpassword=other';
    expect(nameOfSource({ is: 'promscale', url })).toBe('promscale postgres://me@localhost:5432/tsdb');
  });
});
