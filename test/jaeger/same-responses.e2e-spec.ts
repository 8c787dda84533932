import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { create } from '@bufbuild/protobuf';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { TraceReader } from '../../apps/tracestore/src/gen/storage/v2/trace_storage_pb.js';
import { startChildStack } from '@spandrel/testing/child-stack';
import { hasJaeger, type JaegerProcess, startJaeger } from './jaeger-process.ts';
import { type PurgeableStore, startPurgeableStore } from './purgeable-store.ts';
import { operations, RandomTraces, searchedKeys, services } from './random-traces.ts';
import { otlpSpans, type UiResponse, uiTraces } from './normalized-responses.ts';

/** Responses of three stores with the same spans: Jaeger in memory, Jaeger on tracestore, and tracestore. */
interface Responses {
  readonly memory: unknown;
  readonly remote: unknown;
  readonly ours: unknown;
}

describe.skipIf(!hasJaeger())('Jaeger with tracestore as its storage (requires jaeger)', () => {
  let store: PurgeableStore;
  let memory: JaegerProcess;
  let remote: JaegerProcess;
  const endMs = Date.now();
  const startMs = endMs - 3_600_000;

  beforeAll(async () => {
    store = await startPurgeableStore(inject('superuserUrl'), () => undefined);
    memory = await startJaeger({ memory: { max_traces: 100_000 } });
    remote = await startJaeger({ grpc: { endpoint: `127.0.0.1:${store.jaegerPort}`, tls: { insecure: true } } });
  });

  afterAll(async () => {
    await remote.stop();
    await memory.stop();
    await store.stop();
  });

  async function send(request: ExportTraceServiceRequest): Promise<void> {
    const bytes = encodeProtobuf(request);
    await Promise.all([memory, remote].map(({ otlpPort }) => sendGrpc(`127.0.0.1:${otlpPort}`, bytes)));
  }

  async function fetchAll(path: string): Promise<Responses> {
    const [fromMemory, fromRemote, fromOurs] = await Promise.all(
      [`${memory.url}${path}`, `${remote.url}${path}`, `${store.url}/jaeger${path}`].map(async (url) => {
        const response = await fetch(url);
        return { status: response.status, body: (await response.json()) as unknown };
      }),
    );
    return { memory: fromMemory, remote: fromRemote, ours: fromOurs };
  }

  /** Normalises and compares them. @returns the number of compared items */
  async function expectSame(path: string, form: (body: unknown) => unknown): Promise<number> {
    const responses = await fetchAll(path);
    const of = (response: unknown) => {
      const { status, body } = response as { readonly status: number; readonly body: unknown };
      return { status, body: form(body) };
    };
    const expected = of(responses.memory);
    expect(of(responses.remote), path).toEqual(expected);
    expect(of(responses.ours), path).toEqual(expected);
    return Array.isArray(expected.body) ? expected.body.length : 0;
  }

  const range = `start=${(startMs - 60_000) * 1000}&end=${(endMs + 3_600_000) * 1000}&limit=1500&raw=true`;
  const v3Range = `query.start_time_min=${new Date(startMs - 60_000).toISOString()}&query.start_time_max=${new Date(endMs + 3_600_000).toISOString()}&query.num_traces=1500&query.raw_traces=true`;
  const sortedData = (body: unknown): unknown => [...((body as UiResponse).data as readonly unknown[])].toSorted();
  const dependencies = (body: unknown): unknown =>
    ((body as UiResponse).data as readonly { parent: string; child: string; callCount: number }[])
      .map(({ parent, child, callCount }) => `${parent} > ${child}: ${callCount}`)
      .toSorted();

  async function expectSameAbout(names: readonly string[]): Promise<number> {
    let traces = 0;
    expect(await expectSame('/api/services', sortedData)).toBeGreaterThanOrEqual(names.length);
    await expectSame('/api/v3/services', (body) => (body as { services: string[] }).services.toSorted());
    for (const service of names) {
      const named = encodeURIComponent(service);
      await expectSame(`/api/services/${named}/operations`, sortedData);
      await expectSame(`/api/operations?service=${named}`, (body) =>
        ((body as UiResponse).data as readonly { name: string; spanKind: string }[])
          .map(({ name, spanKind }) => `${name} ${spanKind}`)
          .toSorted(),
      );
      traces += await expectSame(`/api/traces?service=${named}&${range}`, uiTraces);
      await expectSame(`/api/traces?service=${named}&${range}&minDuration=500ms&maxDuration=1.5s`, uiTraces);
      await expectSame(`/api/v3/traces?query.service_name=${named}&${v3Range}`, otlpSpans);
    }
    return traces;
  }

  it('returns the same responses for random traces as Jaeger in memory', async () => {
    const traces = new RandomTraces(7, startMs);
    const ids: string[] = [];
    for (let n = 0; n < 150; n += 1) {
      const request = traces.next();
      await send(request);
      const traceId = request.resourceSpans[0]?.scopeSpans[0]?.spans[0]?.traceId;
      ids.push(Buffer.from(traceId ?? []).toString('hex'));
    }
    expect(await expectSameAbout(services)).toBeGreaterThan(100);
    for (const id of ids.slice(0, 40)) {
      expect(await expectSame(`/api/traces/${id}?raw=true`, uiTraces)).toBe(1);
      expect(await expectSame(`/api/v3/traces/${id}?raw_traces=true`, otlpSpans)).toBeGreaterThan(0);
    }
    let found = 0;
    for (const key of searchedKeys) {
      for (const value of ['ann', '5', '3', 'true', '0.5', 'nobody']) {
        const tags = encodeURIComponent(JSON.stringify({ [key]: value }));
        const operation = encodeURIComponent(operations[found % operations.length] ?? '');
        found += await expectSame(`/api/traces?service=cart&tags=${tags}&${range}`, uiTraces);
        found += await expectSame(`/api/traces?service=mail&operation=${operation}&tags=${tags}&${range}`, uiTraces);
      }
    }
    expect(found).toBeGreaterThan(20);
    await expect
      .poll(
        async () => {
          const path = `/api/dependencies?endTs=${endMs + 3_600_000}&lookback=86400000`;
          const { memory: fromMemory, remote: fromRemote, ours } = await fetchAll(path);
          const of = (response: unknown) => dependencies((response as { body: unknown }).body);
          return [of(fromRemote), of(ours)].every((links) => JSON.stringify(links) === JSON.stringify(of(fromMemory)));
        },
        { timeout: 40_000, interval: 1_000 },
      )
      .toBe(true);
  });

  it('returns the same errors for missing traces and invalid queries as Jaeger in memory', async () => {
    const codes = (body: unknown): unknown => (body as UiResponse).errors?.map(({ code, msg }) => [code, msg]);
    await expectSame(`/api/traces/${'ee'.repeat(16)}`, codes);
    await expectSame('/api/traces', codes);
    await expectSame('/api/operations', codes);
    await expectSame(`/api/v3/traces/${'ee'.repeat(16)}`, (body) => body);
    const code = (body: unknown): unknown => (body as UiResponse).errors?.map((error) => error.code);
    await expectSame('/api/traces/nonsense', code);
    await expectSame('/api/traces?service=cart&tags=nonsense', code);
    await expectSame('/api/traces?service=cart&minDuration=long', code);
    await expectSame('/api/dependencies?lookback=long', code);
  });

  it('returns the same responses for traces of the demo services as Jaeger in memory', async () => {
    const stack = await startChildStack({ options: ['--no-load'] });
    try {
      for (let n = 0; n < 12; n += 1) {
        await fetch(stack.url('generator')).then((response) => response.text());
        await fetch(`${stack.url('frontend')}/numbers`, { method: 'POST' }).then((response) => response.text());
      }
      const client = new GrpcClient(`127.0.0.1:${stack.ports.jaegerGrpc}`);
      const known = async (): Promise<readonly string[]> =>
        (await client.unary(TraceReader.method.getServices, {})).services;
      await expect
        .poll(known, { timeout: 30_000 })
        .toEqual(expect.arrayContaining(['backend', 'digit', 'frontend', 'generator', 'lower']));
      // The spans of the last requests arrive later.
      await new Promise((resolve) => {
        setTimeout(resolve, 6_000);
      });
      const names = await known();
      const chunks = await client.streaming(TraceReader.method.findTraces, { query: { searchDepth: 1_000 } });
      client.close();
      for (const { resourceSpans } of chunks) await send(create(ExportTraceServiceRequestSchema, { resourceSpans }));
      expect(chunks.length).toBeGreaterThanOrEqual(24);
      expect(await expectSameAbout(names)).toBeGreaterThan(20);
    } finally {
      await stack.stop();
    }
  });
});
