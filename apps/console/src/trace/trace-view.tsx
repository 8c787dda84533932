import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useEffectEvent, useMemo, useRef } from 'react';
import { CopyButton } from '../copy-button.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';
import { serviceColour } from '../service-colour.ts';
import { lazyComponent } from '../lazy-component.tsx';
import { useAddress } from '../use-address.ts';
import { closedOf, closedParameters, parentsOf } from './closed-spans.ts';
import { CompareForm } from './compare-form.tsx';
import { FindBox } from './find-box.tsx';
import { FlameGraph } from './flame-graph.tsx';
import { GenAiFacts } from './gen-ai/gen-ai-facts.tsx';
import { useTraceGenAi } from './gen-ai/trace-gen-ai.ts';
import { Minimap } from './minimap.tsx';
import { OperationTable } from './operation-table.tsx';
import { ProblemBanner } from './problems/problem-banner.tsx';
import { RootState, titleSpan } from './problems/root-state.tsx';
import { ServiceFilter } from './service-filter.tsx';
import { SpanPanel } from './span-panel.tsx';
import { failedStatus, matchingSpans, isFiltering, type TraceFilter } from './trace-filter.ts';
import type { TraceModel } from './trace-model.ts';
import type { TraceSource } from './trace-source.ts';
import { treeRowsOf } from './tree-rows.ts';
import { type TimeWindow, WaterfallRows } from './waterfall-rows.tsx';

const views = [
  ['waterfall', 'Waterfall'],
  ['flame', 'Flame graph'],
  ['operations', 'Operations'],
  ['conversation', 'Conversation'],
] as const;

const ConversationView = lazyComponent(
  'Loading conversation',
  async () => (await import('./gen-ai/conversation-view.tsx')).ConversationView,
);

/** A trace as waterfall, flame graph or table, with the details of a span. The state of the view is in the URL. */
export function TraceView({ model, source }: { readonly model: TraceModel; readonly source: TraceSource }) {
  const { parameters, change } = useAddress();
  const { waterfall } = model;
  const { totals: genAi } = useTraceGenAi();
  const view = views.find(([each]) => each === parameters.get('view'))?.[0] ?? 'waterfall';
  const whole = Math.max(waterfall.durationNs, 1);
  const zoom = useMemo(() => windowOf(parameters.get('zoom'), whole), [parameters, whole]);
  const setZoom = useCallback(
    (next: TimeWindow | undefined) => change({ zoom: next === undefined ? undefined : next.map(Math.round).join('-') }),
    [change],
  );
  const spanId = parameters.get('span');
  const selected = useMemo(() => (spanId === null ? -1 : waterfall.spans.id.indexOf(spanId)), [waterfall, spanId]);
  const filter = useMemo(() => filterOf(parameters), [parameters]);
  const matching = useMemo(() => {
    if (!isFiltering(filter)) return undefined;
    const spans = matchingSpans(model, filter);
    return { spans, count: spans.reduce((sum, each) => sum + each, 0) };
  }, [model, filter]);

  const [closed, open] = [parameters.get('closed') ?? '', parameters.get('open') ?? ''];
  const collapsed = useMemo(() => closedOf(model, closed, open), [model, closed, open]);
  const setCollapsed = useCallback(
    (spans: ReadonlySet<number>) => change(closedParameters(model, spans)),
    [model, change],
  );
  const rows = useMemo(() => {
    // The selected span is shown even if it does not match the filter.
    const shown = matching === undefined || selected === -1 ? matching?.spans : matching.spans.with(selected, 1);
    return treeRowsOf(model, collapsed, shown);
  }, [model, collapsed, matching, selected]);
  const select = useCallback(
    (span: number) => {
      const after = withAncestorsExpanded(model, collapsed, span);
      change({ span: waterfall.spans.id[span], ...(after === collapsed ? {} : closedParameters(model, after)) });
    },
    [model, waterfall, collapsed, change],
  );
  const toggle = useCallback(
    (span: number) => {
      const after = new Set(collapsed);
      if (!after.delete(span)) after.add(span);
      setCollapsed(after);
    },
    [collapsed, setCollapsed],
  );
  const close = (): void => change({ span: undefined });

  const searchText = parameters.get('find') ?? '';
  const matches = useQuery({
    queryKey: ['matches', source.key, searchText],
    enabled: searchText !== '',
    queryFn: async ({ signal }) => {
      const found = new Set(await source.matches(searchText, signal));
      return model.order.filter((span) => found.has(waterfall.spans.id[span] ?? ''));
    },
  });
  const found = useMemo(() => new Set(searchText === '' ? [] : matches.data), [searchText, matches.data]);
  const step = (direction: 1 | -1): void => {
    const next = nextMatch(model, searchText === '' ? [] : (matches.data ?? []), selected, direction);
    if (next !== undefined) select(next);
  };
  const findBox = useRef<HTMLInputElement>(null);
  usePageKeys((key) => {
    if (key === '/') findBox.current?.focus();
    else if (key === 'n') step(1);
    else if (key === 'N') step(-1);
    else if (key === 'Escape' && selected !== -1) close();
    else return false;
    return true;
  });

  const root = titleSpan(model);
  const [service, name] = waterfall.operations[waterfall.spans.operation[root] ?? 0] ?? ['', ''];
  const errors = useMemo(() => waterfall.spans.status.filter((status) => status === failedStatus).length, [waterfall]);
  return (
    <div className="trace">
      <div className="trace-head">
        <div className="row spread trace-title">
          <h1>
            <span className={`dot ${serviceColour(service)}`} aria-hidden="true" />
            <bdi>{service}</bdi>: <bdi>{name}</bdi>
            <RootState model={model} />
          </h1>
          <div className="row">
            {source.exportPath !== undefined && (
              <>
                <CompareForm traceId={waterfall.traceId} />
                <a className="button" href={source.exportPath} download={`${waterfall.traceId}.otlp.json`}>
                  OTLP JSON
                </a>
              </>
            )}
          </div>
        </div>
        <dl className="facts">
          <Fact name="Start" value={formatTime(waterfall.startTimeUnixNano)} />
          <Fact name="Duration" value={formatDuration(waterfall.durationNs)} />
          <Fact name="Spans" value={model.count.toLocaleString()} />
          <Fact name="Errors" value={errors.toLocaleString()} isBad={errors > 0} />
          <Fact name="Services" value={String(model.services.length)} />
          <GenAiFacts />
          <div className="trace-id">
            <dt>Trace ID</dt>
            <dd className="code">
              {waterfall.traceId} <CopyButton text={waterfall.traceId} what="trace ID" />
            </dd>
          </div>
        </dl>
        <ProblemBanner model={model} selected={selected} onSelect={select} />
        <div className="row trace-tools">
          <div className="tabs row" role="group" aria-label="View">
            {views
              .filter(([each]) => each !== 'conversation' || genAi !== undefined || view === each)
              .map(([each, title]) => (
                <button
                  key={each}
                  type="button"
                  aria-pressed={each === view}
                  onClick={() => change({ view: each === 'waterfall' ? undefined : each }, 'push')}
                >
                  {title}
                </button>
              ))}
          </div>
          <FindBox
            box={findBox}
            text={searchText}
            count={matches.data?.length}
            isFailed={matches.isError}
            onFind={(typed) => (typed === searchText ? step(1) : change({ find: typed }))}
            onStep={step}
          />
          {view === 'waterfall' && (
            <div className="row">
              <button type="button" onClick={() => setCollapsed(new Set())}>
                Expand all
              </button>
              <button type="button" onClick={() => setCollapsed(new Set(parentsOf(model)))}>
                Collapse all
              </button>
            </div>
          )}
          {zoom !== undefined && view !== 'operations' && view !== 'conversation' && (
            <button type="button" onClick={() => setZoom(undefined)}>
              Reset zoom
            </button>
          )}
        </div>
        {view !== 'operations' && view !== 'conversation' && (
          <>
            <ServiceFilter
              services={model.services}
              filter={filter}
              matchCount={matching?.count}
              hasErrors={errors > 0}
              onFilter={(next) =>
                change({
                  service: next.services,
                  operation: next.operation,
                  errors: next.onlyErrors ? '1' : undefined,
                })
              }
            />
            <Minimap model={model} zoom={zoom} onZoom={setZoom} />
          </>
        )}
      </div>
      <div className={selected === -1 ? 'trace-body' : 'trace-body with-panel'}>
        {view === 'waterfall' && (
          <WaterfallRows
            model={model}
            rows={rows}
            matching={matching?.spans}
            collapsed={collapsed}
            found={found}
            selected={selected}
            zoom={zoom ?? [0, whole]}
            onSelect={select}
            onToggle={toggle}
          />
        )}
        {view === 'flame' && (
          <FlameGraph
            model={model}
            matching={matching?.spans}
            found={found}
            selected={selected}
            zoom={zoom}
            onZoom={setZoom}
            onSelect={select}
          />
        )}
        {view === 'operations' && (
          <OperationTable
            model={model}
            sort={parameters.get('sort')}
            onSort={(sort) => change({ sort })}
            onOperation={(ofService, operation) =>
              change({ view: undefined, service: ofService, operation, errors: undefined }, 'push')
            }
          />
        )}
        {view === 'conversation' && (
          <ConversationView model={model} source={source} selected={selected} onSelect={select} />
        )}
        {selected !== -1 && (
          <SpanPanel model={model} source={source} span={selected} onSelect={select} onClose={close} />
        )}
      </div>
    </div>
  );
}

function Fact(props: { readonly name: string; readonly value: string; readonly isBad?: boolean }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd className={props.isBad === true ? 'bad' : ''}>{props.value}</dd>
    </div>
  );
}

/** Keyboard shortcuts of the page, unless the focus is in an input. @param onKey returns whether it handled the key */
function usePageKeys(onKey: (key: string) => boolean): void {
  const keys = useEffectEvent((event: KeyboardEvent): void => {
    const { target } = event;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (onKey(event.key)) event.preventDefault();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => keys(event);
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);
}

/** The next or previous match in the order of the tree, starting again at the end. */
function nextMatch(
  { orderIndex }: TraceModel,
  matches: readonly number[],
  selected: number,
  direction: 1 | -1,
): number | undefined {
  const here = selected === -1 ? -1 : (orderIndex[selected] ?? -1);
  return direction === 1
    ? (matches.find((span) => (orderIndex[span] ?? 0) > here) ?? matches[0])
    : (matches.findLast((span) => (orderIndex[span] ?? 0) < here) ?? matches.at(-1));
}

/** Expand the ancestors of a span, so that it is visible. */
function withAncestorsExpanded(model: TraceModel, collapsed: ReadonlySet<number>, span: number): ReadonlySet<number> {
  const after = new Set(collapsed);
  for (let up = model.parent[span] ?? -1; up !== -1; up = model.parent[up] ?? -1) after.delete(up);
  return after.size === collapsed.size ? collapsed : after;
}

function filterOf(parameters: URLSearchParams): TraceFilter {
  return {
    services: parameters.getAll('service'),
    operation: parameters.get('operation') ?? undefined,
    onlyErrors: parameters.get('errors') === '1',
  };
}

/** Parse `from-to`, in ns after the start of the trace; undefined if it is invalid. */
function windowOf(text: string | null, wholeNs: number): TimeWindow | undefined {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text ?? '') ?? [];
  if (from === undefined || to === undefined) return undefined;
  const bounds = [Number(from), Math.min(Number(to), wholeNs)] as const;
  return bounds[0] < bounds[1] ? bounds : undefined;
}
