import { useQuery } from '@tanstack/react-query';
import { type CSSProperties, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { CopyButton } from '../copy-button.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatNumber } from '../format/number.ts';
import { formatTime } from '../format/time.ts';
import { keyTexts } from '../keys/shortcuts.ts';
import { useShortcuts } from '../keys/use-shortcuts.ts';
import { OperationName, operationText } from '../operation-name.tsx';
import { serviceColour } from '../service-colour.ts';
import { useAddress } from '../use-address.ts';
import { useIsPhone } from '../use-is-phone.ts';
import { useRemembered } from '../use-remembered.ts';
import { closedOf, closedParameters, parentsOf } from './closed-spans.ts';
import { CompareForm } from './compare-form.tsx';
import { FindBox } from './find-box.tsx';
import { GenAiFacts } from './gen-ai/gen-ai-facts.tsx';
import { useTraceGenAi } from './gen-ai/trace-gen-ai.ts';
import { KeySheet } from './key-sheet.tsx';
import { Minimap } from './minimap.tsx';
import { ProblemBanner } from './problems/problem-banner.tsx';
import { RootState, titleSpan } from './problems/root-state.tsx';
import { percentOf, Separator } from './separator.tsx';
import { ServiceFilter } from './service-filter.tsx';
import { SpanFilter } from './span-filter.tsx';
import { SpanPanel } from './span-panel.tsx';
import { SpanSheet } from './span-sheet.tsx';
import { failedStatus, filterOf, filterParameters, matchingSpans, isFiltering } from './trace-filter.ts';
import { traceKeys } from './trace-keys.ts';
import type { TraceModel } from './trace-model.ts';
import type { TraceSource } from './trace-source.ts';
import { traceTabs } from './trace-tabs.tsx';
import { treeRowsOf } from './tree-rows.ts';
import type { TimeWindow } from './waterfall-rows.tsx';

/** The width of the span panel, in percent. */
const panel = { min: 20, max: 75, fallback: 32 } as const;

/** A trace in one of its tabs, with the details of a span. The state of the view is in the URL. */
export function TraceView({ model, source }: { readonly model: TraceModel; readonly source: TraceSource }) {
  const { parameters, change } = useAddress();
  const { waterfall } = model;
  const genAi = useTraceGenAi();
  const view = parameters.get('view');
  const tabs = useMemo(
    () => traceTabs.filter(({ name, isShown }) => name === view || isShown?.(genAi) !== false),
    [genAi, view],
  );
  const tab = tabs.find(({ name }) => name === view) ?? traceTabs[0];
  const whole = Math.max(waterfall.durationNs, 1);
  const zoom = useMemo(() => windowOf(parameters.get('zoom'), whole), [parameters, whole]);
  const setZoom = useCallback(
    (next: TimeWindow | undefined) => change({ zoom: next === undefined ? undefined : next.map(Math.round).join('-') }),
    [change],
  );
  const spanId = parameters.get('span');
  const selected = useMemo(() => (spanId === null ? -1 : waterfall.spans.id.indexOf(spanId)), [waterfall, spanId]);
  const filter = useMemo(() => filterOf(parameters), [parameters]);
  const withAttribute = useQuery({
    queryKey: ['with-attribute', source.key, filter.attribute],
    enabled: filter.attribute !== '',
    queryFn: async ({ signal }) => spansOf(model, await source.withAttribute(filter.attribute, signal)),
    retry: false,
  });
  const matching = useMemo(() => {
    if (!isFiltering(filter)) return undefined;
    const ofAttribute = filter.attribute === '' ? undefined : new Set(withAttribute.data);
    const spans = matchingSpans(model, filter, ofAttribute);
    return { spans, count: spans.reduce((sum, each) => sum + each, 0) };
  }, [model, filter, withAttribute.data]);

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
  // On a phone a tap opens the sheet of the span; the find box only selects its match.
  const isPhone = useIsPhone();
  const [isSheetOpen, setSheetOpen] = useState(true);
  const openSpan = useCallback(
    (span: number) => {
      setSheetOpen(true);
      select(span);
    },
    [select],
  );
  const [panelPercent, setPanelPercent] = useRemembered('spandrel-trace-panel', (saved) =>
    percentOf(saved, panel.min, panel.max, panel.fallback),
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
    queryFn: async ({ signal }) => spansOf(model, await source.matches(searchText, signal)),
  });
  const found = useMemo(() => new Set(searchText === '' ? [] : matches.data), [searchText, matches.data]);
  const step = (direction: 1 | -1): void => {
    const next = nextMatch(model, searchText === '' ? [] : (matches.data ?? []), selected, direction);
    if (next === undefined) return;
    setSheetOpen(false);
    select(next);
  };
  // The first match is selected when the search that the user started has ended.
  const isNewSearch = useRef(false);
  const onMatches = useEffectEvent((spans: readonly number[]): void => {
    const [first] = spans;
    if (!isNewSearch.current) return;
    isNewSearch.current = false;
    if (first === undefined) return;
    setSheetOpen(false);
    select(first);
  });
  useEffect(() => {
    if (matches.data !== undefined) onMatches(matches.data);
  }, [matches.data]);
  const setZoomTo = useCallback(
    (span: number) => {
      const [from, to] = zoom ?? [0, whole];
      const start = waterfall.spans.startNs[span] ?? 0;
      const first = Math.max(0, Math.min(start - (to - from) / 10, whole - (to - from)));
      setZoom([first, first + to - from]);
    },
    [zoom, whole, waterfall, setZoom],
  );
  const keySheet = useRef<HTMLDialogElement>(null);
  const findBox = useRef<HTMLInputElement>(null);
  useShortcuts(traceKeys, {
    find: () => findBox.current?.focus(),
    nextMatch: () => step(1),
    previousMatch: () => step(-1),
    closeSpan: () => {
      if (selected === -1) return false;
      return close();
    },
    showKeys: () => keySheet.current?.showModal(),
  });

  const root = titleSpan(model);
  const [service, name] = waterfall.operations[waterfall.spans.operation[root] ?? 0] ?? ['', ''];
  const errors = useMemo(() => waterfall.spans.status.filter((status) => status === failedStatus).length, [waterfall]);
  return (
    <div className="trace">
      <div className="trace-head">
        <div className="row spread trace-title">
          <h1 title={`${service}: ${operationText(name)}`}>
            <span className={`dot ${serviceColour(service)}`} aria-hidden="true" />
            <bdi>{service}</bdi>: <OperationName name={name} />
            <RootState model={model} />
          </h1>
          <div className="row trace-actions">
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
          <Fact name="Spans" value={formatNumber(model.count)} />
          <div>
            <dt>Errors</dt>
            <dd>
              {errors === 0 ? (
                '0'
              ) : (
                <button
                  type="button"
                  className="plain bad"
                  title="Show only failed spans"
                  onClick={() => change({ errors: '1', view: undefined })}
                >
                  {formatNumber(errors)}
                </button>
              )}
            </dd>
          </div>
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
          <div className="views row" role="group" aria-label="View">
            {tabs.map((each) => (
              <button
                key={each.name}
                type="button"
                ref={each === tab ? scrollIntoSight : undefined}
                aria-pressed={each === tab}
                onClick={() => change({ view: each === traceTabs[0] ? undefined : each.name }, 'push')}
              >
                {each.title}
              </button>
            ))}
          </div>
          <FindBox
            box={findBox}
            text={searchText}
            count={matches.data?.length}
            position={searchText === '' || selected === -1 ? 0 : (matches.data?.indexOf(selected) ?? -1) + 1}
            isFailed={matches.isError}
            onFind={(typed) => {
              isNewSearch.current = typed !== '';
              change({ find: typed });
            }}
            onStep={step}
          />
          {tab === traceTabs[0] && (
            <div className="row tree-tools">
              <button type="button" onClick={() => setCollapsed(new Set())}>
                Expand all
              </button>
              <button type="button" onClick={() => setCollapsed(new Set(parentsOf(model)))}>
                Collapse all
              </button>
            </div>
          )}
          {zoom !== undefined && tab.hasTimeAxis && (
            <button type="button" onClick={() => setZoom(undefined)}>
              Reset zoom
            </button>
          )}
          <button
            type="button"
            title={`Keys and legend (${keyTexts(traceKeys.showKeys).join(', ')})`}
            aria-label="Keys and legend"
            onClick={() => keySheet.current?.showModal()}
          >
            ?
          </button>
        </div>
        {tab.hasTimeAxis && (
          <>
            <div className="trace-filters">
              <ServiceFilter
                services={model.services}
                filter={filter}
                matchCount={matching?.count}
                hasErrors={errors > 0}
                onFilter={(next) => change(filterParameters(next))}
              />
              <SpanFilter
                filter={filter}
                attributeError={withAttribute.error?.message}
                onFilter={(next) => change(filterParameters(next))}
              />
            </div>
            <Minimap model={model} zoom={zoom} onZoom={setZoom} />
          </>
        )}
      </div>
      <div
        className={selected === -1 || isPhone ? 'trace-body' : 'trace-body with-panel'}
        style={{ '--panel': `${panelPercent}%` } as CSSProperties}
      >
        <tab.Content
          model={model}
          source={source}
          rows={rows}
          matching={matching?.spans}
          collapsed={collapsed}
          found={found}
          selected={selected}
          zoom={zoom}
          onSelect={openSpan}
          onToggle={toggle}
          onZoom={setZoom}
          onReveal={setZoomTo}
        />
        {selected !== -1 && !isPhone && (
          <>
            <SpanPanel model={model} source={source} span={selected} onSelect={select} onClose={close} />
            <Separator
              label="Width of the span panel"
              side="end"
              percent={panelPercent}
              {...panel}
              onChange={setPanelPercent}
            />
          </>
        )}
      </div>
      {selected !== -1 && isPhone && isSheetOpen && (
        <SpanSheet onClose={close}>
          <SpanPanel model={model} source={source} span={selected} onSelect={select} onClose={close} />
        </SpanSheet>
      )}
      <KeySheet dialog={keySheet} />
    </div>
  );
}

/** On a phone the buttons of the views scroll sideways. */
function scrollIntoSight(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The spans with these IDs, in the order of the tree. */
function spansOf({ order, waterfall }: TraceModel, ids: readonly string[]): readonly number[] {
  const wanted = new Set(ids);
  return order.filter((span) => wanted.has(waterfall.spans.id[span] ?? ''));
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

/** Parse `from-to`, in ns after the start of the trace; undefined if it is invalid. */
function windowOf(text: string | null, wholeNs: number): TimeWindow | undefined {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text ?? '') ?? [];
  if (from === undefined || to === undefined) return undefined;
  const bounds = [Number(from), Math.min(Number(to), wholeNs)] as const;
  return bounds[0] < bounds[1] ? bounds : undefined;
}
