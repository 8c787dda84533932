import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { Waterfall } from '../api/answers.ts';
import { get } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';
import { serviceColour } from '../service-colour.ts';
import { useAddress } from '../use-address.ts';
import { Minimap } from './minimap.tsx';
import { SpanPanel } from './span-panel.tsx';
import { type TraceModel, traceModelOf, visibleSpans } from './trace-model.ts';
import { type TimeWindow, WaterfallRows } from './waterfall-rows.tsx';

export function TracePage({ traceId }: { readonly traceId: string }) {
  const trace = useQuery({
    queryKey: ['trace', traceId],
    queryFn: async ({ signal }) => traceModelOf(await get<Waterfall>(`traces/${traceId}`, signal)),
    staleTime: Infinity,
  });
  useEffect(() => {
    document.title = `Trace ${traceId.slice(0, 8)} · Spandrel`;
  }, [traceId]);
  if (trace.isPending) return <div className="skeleton" role="status" aria-label="The trace is loading" />;
  if (trace.isError) {
    return (
      <section className="notice">
        <Failure error={trace.error} retry={() => void trace.refetch()} />
        <p>
          <Link href="/search">Search for other traces</Link>
        </p>
      </section>
    );
  }
  return <Trace model={trace.data} />;
}

function Trace({ model }: { readonly model: TraceModel }) {
  const { parameters, change } = useAddress();
  const { answer } = model;
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const whole = Math.max(answer.durationNs, 1);
  const zoom = useMemo(() => windowOf(parameters.get('zoom'), whole), [parameters, whole]);
  const spanId = parameters.get('span');
  const selected = useMemo(() => (spanId === null ? -1 : answer.spans.id.indexOf(spanId)), [answer, spanId]);
  const visible = useMemo(() => visibleSpans(model, collapsed), [model, collapsed]);
  const words = parameters.get('find') ?? '';
  const matches = useQuery({
    queryKey: ['matches', answer.traceId, words],
    enabled: words !== '',
    queryFn: async ({ signal }) => {
      const path = `traces/${answer.traceId}/matches?text=${encodeURIComponent(words)}`;
      const found = new Set((await get<{ readonly spanIds: readonly string[] }>(path, signal)).spanIds);
      return model.order.filter((span) => found.has(answer.spans.id[span] ?? ''));
    },
  });
  const found = useMemo(() => new Set(words === '' ? [] : matches.data), [words, matches.data]);
  const findBox = useRef<HTMLInputElement>(null);

  const select = useCallback(
    (span: number) => {
      setCollapsed((before) => opened(model, before, span));
      change({ span: answer.spans.id[span] });
    },
    [model, answer, change],
  );
  const toggle = useCallback((span: number) => {
    setCollapsed((before) => {
      const after = new Set(before);
      if (!after.delete(span)) after.add(span);
      return after;
    });
  }, []);
  const setZoom = useCallback(
    (next: TimeWindow | undefined) => change({ zoom: next === undefined ? undefined : next.map(Math.round).join('-') }),
    [change],
  );
  const step = (direction: 1 | -1): void => {
    const list = matches.data ?? [];
    if (words === '' || list.length === 0) return;
    const here = selected === -1 ? -1 : (model.place[selected] ?? -1);
    const places = list.map((span) => model.place[span] ?? 0);
    const next =
      direction === 1
        ? (list[places.findIndex((place) => place > here)] ?? list[0])
        : (list[places.findLastIndex((place) => place < here)] ?? list.at(-1));
    if (next !== undefined) select(next);
  };
  const keys = useEffectEvent((event: KeyboardEvent): void => {
    const { target } = event;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/') {
      event.preventDefault();
      findBox.current?.focus();
    } else if (event.key === 'n') step(1);
    else if (event.key === 'N') step(-1);
    else if (event.key === 'Escape') change({ span: undefined });
  });
  useEffect(() => {
    // Of the page: they work wherever the focus is.
    const listener = (event: KeyboardEvent): void => keys(event);
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);

  const root = model.order[0] ?? 0;
  const [service, name] = answer.operations[answer.spans.operation[root] ?? 0] ?? ['', ''];
  const errors = answer.spans.status.filter((status) => status === 2).length;
  return (
    <div className="trace">
      <div className="trace-head">
        <h1>
          <span className={`dot ${serviceColour(service)}`} aria-hidden="true" />
          <bdi>{service}</bdi>: <bdi>{name}</bdi>
        </h1>
        <dl className="facts">
          <Fact name="Start" value={formatTime(answer.startTimeUnixNano)} />
          <Fact name="Duration" value={formatDuration(answer.durationNs)} />
          <Fact name="Spans" value={model.count.toLocaleString()} />
          <Fact name="Errors" value={errors.toLocaleString()} isBad={errors > 0} />
          <Fact name="Services" value={String(model.services.length)} />
          <Fact name="Trace" value={answer.traceId} isCode />
        </dl>
        <div className="row">
          <form
            role="search"
            className="row"
            onSubmit={(event) => {
              event.preventDefault();
              const typed = findBox.current?.value.trim() ?? '';
              if (typed === words) step(1);
              else change({ find: typed });
            }}
          >
            <input
              ref={findBox}
              type="search"
              placeholder="Find in names, attributes, events  ( / )"
              aria-label="Find in this trace"
              defaultValue={words}
            />
            <button type="submit">Find</button>
            <button type="button" title="Previous ( N )" aria-label="Previous match" onClick={() => step(-1)}>
              ↑
            </button>
            <button type="button" title="Next ( n )" aria-label="Next match" onClick={() => step(1)}>
              ↓
            </button>
            <output>
              {words === ''
                ? ''
                : matches.isPending
                  ? '…'
                  : matches.isError
                    ? 'failed'
                    : `${matches.data.length} found`}
            </output>
          </form>
          <button type="button" onClick={() => setCollapsed(new Set())}>
            Open all
          </button>
          <button
            type="button"
            onClick={() => setCollapsed(new Set(model.order.filter((span) => (model.childCount[span] ?? 0) > 0)))}
          >
            Close all
          </button>
          {zoom !== undefined && (
            <button type="button" onClick={() => setZoom(undefined)}>
              Whole time
            </button>
          )}
          <a className="button" href={`/api/traces/${answer.traceId}/otlp`} download={`${answer.traceId}.otlp.json`}>
            OTLP JSON
          </a>
        </div>
        <Minimap model={model} zoom={zoom} onZoom={setZoom} />
      </div>
      <div className={selected === -1 ? 'trace-body' : 'trace-body with-panel'}>
        <WaterfallRows
          model={model}
          visible={visible}
          collapsed={collapsed}
          found={found}
          selected={selected}
          zoom={zoom ?? [0, whole]}
          onSelect={select}
          onToggle={toggle}
        />
        {selected !== -1 && (
          <SpanPanel model={model} span={selected} onSelect={select} onClose={() => change({ span: undefined })} />
        )}
      </div>
    </div>
  );
}

function Fact(props: {
  readonly name: string;
  readonly value: string;
  readonly isBad?: boolean;
  readonly isCode?: boolean;
}) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd className={props.isBad === true ? 'bad' : props.isCode === true ? 'code' : ''}>{props.value}</dd>
    </div>
  );
}

/** What is above a span is opened, so that it is to be seen. */
function opened(model: TraceModel, collapsed: ReadonlySet<number>, span: number): ReadonlySet<number> {
  const after = new Set(collapsed);
  for (let up = model.parent[span] ?? -1; up !== -1; up = model.parent[up] ?? -1) after.delete(up);
  return after.size === collapsed.size ? collapsed : after;
}

/** `from-to` in ns after the start of the trace; undefined when that is no part of it. */
function windowOf(text: string | null, wholeNs: number): TimeWindow | undefined {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text ?? '') ?? [];
  if (from === undefined || to === undefined) return undefined;
  const bounds = [Number(from), Math.min(Number(to), wholeNs)] as const;
  return bounds[0] < bounds[1] ? bounds : undefined;
}
