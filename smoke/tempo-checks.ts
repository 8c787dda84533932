import type { GrpcClient } from '@spandrel/embedded/grpc-client';
import { importBuilt } from '@spandrel/embedded/built-tracestore';
import {
  type Checks,
  type CheckTarget,
  count,
  expectItem,
  expectSame,
  expectTraces,
  getText,
  spansOf,
} from './checks.ts';
import { checkedService, responseTimeoutMs, runAttribute } from './sent-traces.ts';

type Messages = typeof import('../apps/tracestore/src/gen/tempopb/tempo_pb.ts');

interface FoundTraces {
  readonly traces?: readonly { readonly traceID: string }[];
}

/** The checks of Tempo's API on its own port, over HTTP and gRPC. */
export function tempoChecks(
  { store, run, traces, fromMs, toMs }: CheckTarget,
  client: GrpcClient,
): Readonly<Record<string, Checks>> {
  const [trace] = traces;
  const onPort = { ...store, url: store.tempoUrl };
  const get = async <Body>(path: string): Promise<Body> => JSON.parse(await getText(onPort, path)) as Body;
  const seconds = { start: Math.floor(fromMs / 1_000), end: Math.ceil(toMs / 1_000) };
  const range = `start=${seconds.start}&end=${seconds.end}`;
  const query = `{ span.${runAttribute} = "${run}" }`;
  const q = `q=${encodeURIComponent(query)}`;
  const idsOf = ({ traces: found = [] }: FoundTraces): readonly string[] =>
    found.map(({ traceID }) => traceID.padStart(32, '0'));
  return {
    'Tempo HTTP': {
      ready: () => getText(onPort, '/ready'),
      search: async () => expectTraces(idsOf(await get<FoundTraces>(`/api/search?${q}&${range}`)), traces),
      'one trace': async () => {
        const { trace: found } = await get<{ readonly trace: Parameters<typeof spansOf>[0] }>(
          `/api/v2/traces/${trace.traceId}`,
        );
        const { length } = spansOf(found);
        expectSame(length, 2);
        return count(length, 'span');
      },
      'tag values': async () => {
        const { tagValues } = await get<{ readonly tagValues: readonly { readonly value: string }[] }>(
          '/api/v2/search/tag/resource.service.name/values',
        );
        return expectItem(
          tagValues.map(({ value }) => value),
          checkedService,
          'value',
        );
      },
      metrics: async () => {
        const metrics = encodeURIComponent(`${query} | count_over_time()`);
        const { series } = await get<{ readonly series: readonly { readonly value: number }[] }>(
          `/api/metrics/query?q=${metrics}&${range}`,
        );
        expectSame(
          series.map(({ value }) => value),
          [traces.length],
        );
        return count(traces.length, 'span');
      },
    },
    'Tempo gRPC': {
      search: async () => {
        const { StreamingQuerier } = await importBuilt<Messages>('gen/tempopb/tempo_pb');
        const options = { deadline: Date.now() + responseTimeoutMs };
        const request = { Query: query, ...seconds };
        const messages = await client.streaming(StreamingQuerier.method.search, request, options);
        return expectTraces(idsOf({ traces: messages.flatMap((message) => message.traces) }), traces);
      },
    },
  };
}
