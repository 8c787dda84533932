import './trace.css';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link } from 'wouter';
import type { Waterfall } from '../api/types.ts';
import { get } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { formatNumber } from '../format/number.ts';
import { Loading } from '../loading.tsx';
import { ResultSteps } from '../search/result-steps.tsx';
import { useAddress } from '../use-address.ts';
import { AnnotatedTrace } from './annotated-trace.tsx';
import { OpenFileButton } from './file-drop.tsx';
import { fileSource, useOpenedFile } from './opened-file.ts';
import { traceModelOf } from './trace-model.ts';
import { storedSource } from './trace-source.ts';

/** The page of a stored trace. */
export function TracePage({ traceId }: { readonly traceId: string }) {
  const queryKey = ['trace', traceId];
  const trace = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const model = traceModelOf(await get<Waterfall>(`traces/${traceId}`, signal));
      return { model, source: storedSource(model) };
    },
    staleTime: Infinity,
  });
  useEffect(() => {
    document.title = `Trace ${traceId.slice(0, 8)} · Spandrel`;
  }, [traceId]);
  if (trace.isPending) {
    return (
      <Loading
        what="Loading trace"
        queryKey={queryKey}
        isFetching={trace.isFetching}
        retry={() => void trace.refetch()}
      />
    );
  }
  if (trace.isError) {
    return (
      <section className="notice">
        <h1>Trace {traceId.slice(0, 8)}</h1>
        <Failure error={trace.error} retry={() => void trace.refetch()} />
        <p>
          <Link href="/search">Search for other traces</Link>
        </p>
      </section>
    );
  }
  return (
    <div className="trace-page">
      <ResultSteps traceId={traceId} />
      <AnnotatedTrace {...trace.data} onReload={() => void trace.refetch()} />
    </div>
  );
}

/** The page of a trace from an opened file. */
export function FileTracePage() {
  const file = useOpenedFile();
  const { parameters, change } = useAddress();
  const requested = parameters.get('trace');
  const trace = file?.traces.find(({ waterfall }) => waterfall.traceId === requested) ?? file?.traces[0];
  const shown = useMemo(
    () => (trace === undefined ? undefined : { model: traceModelOf(trace.waterfall), source: fileSource(trace) }),
    [trace],
  );
  useEffect(() => {
    document.title = `${file?.name ?? 'File'} · Spandrel`;
  }, [file]);
  if (file === undefined || shown === undefined) {
    return (
      <section className="notice">
        <h1>Trace from a file</h1>
        <p>
          Drop a file with traces anywhere on this page: OTLP/JSON, Jaeger JSON, or Zipkin JSON of version 2. It is
          shown in this browser only, and not stored.
        </p>
        <OpenFileButton />
      </section>
    );
  }
  return (
    <div className="trace-page">
      <div className="file-bar row">
        <span>
          <bdi>{file.name}</bdi> (not stored)
        </span>
        {file.traces.length > 1 && (
          <label>
            Trace{' '}
            <select
              value={shown.model.waterfall.traceId}
              onChange={({ target }) => change({ trace: target.value, span: undefined, zoom: undefined }, 'push')}
            >
              {file.traces.map(({ waterfall, spans }) => (
                <option key={waterfall.traceId} value={waterfall.traceId}>
                  {waterfall.traceId} ({formatNumber(spans.length)} spans)
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <AnnotatedTrace key={shown.source.key} {...shown} />
    </div>
  );
}
