import { type FormEvent, useEffect, useMemo } from 'react';
import { Link } from 'wouter';
import { Failure } from '../failure.tsx';
import { formatNumber } from '../format/number.ts';
import type { CallGraph, CallNode } from '../graph/call-graph.ts';
import {
  type FilteredGraph,
  filterGraph,
  groupByNamespace,
  groupId,
  maxDepth,
  namespaceOfGroup,
  type Side,
  sides,
  type Threshold,
  thresholdOf,
} from '../graph/graph-filter.ts';
import { GraphExplorer } from '../graph/graph-explorer.tsx';
import { TimeRangePicker } from '../range/time-range-picker.tsx';
import { useTimeRange } from '../range/use-time-range.ts';
import { useAddress } from '../use-address.ts';
import '../dashboards/dashboards.css';
import './map-page.css';
import { useServiceGraph } from './use-service-graph.ts';

const sideNames: Readonly<Record<Side, string>> = {
  both: 'Callers and called',
  callers: 'Callers only',
  called: 'Called only',
};

/** The service map as a page: the whole system, or a service with what is near to it, as a graph or as tables. */
export function MapPage() {
  const { parameters, change } = useAddress();
  const time = useTimeRange('1h', '30s');
  const { graph: whole, error, retry } = useServiceGraph(time);
  const service = parameters.get('service') ?? '';
  const depth = depthOf(parameters.get('depth'));
  const side = sides.find((each) => each === parameters.get('side')) ?? 'both';
  const minimum = parameters.get('min') ?? '';
  const isGrouped = parameters.get('group') === 'namespace';
  const isTable = parameters.get('view') === 'table';
  const open = useMemo(() => parameters.getAll('open'), [parameters]);
  useEffect(() => {
    document.title = 'Map · Spandrel';
  }, []);
  const seconds = time.bounds === undefined ? 1 : (time.bounds.toMs - time.bounds.fromMs) / 1_000;
  const namespaces = useMemo(
    () => [...new Set(whole?.nodes.flatMap(({ namespace }) => namespace ?? []))].toSorted(),
    [whole],
  );
  const drawn = useMemo(() => {
    if (whole === undefined) return undefined;
    // The group of the service in focus is open, so that the focus is there.
    const own = whole.nodes.find(({ id }) => id === service)?.namespace;
    const shown = new Set(own === undefined ? open : [...open, own]);
    const grouped = isGrouped ? groupByNamespace(whole, shown) : whole;
    const focus = grouped.nodes.find(({ id }) => id === service || id === groupId(service))?.id;
    return {
      ...filterGraph(grouped, { focus, depth, side, threshold: thresholdOf(minimum), seconds }),
      focus,
      total: grouped,
    };
  }, [whole, service, depth, side, minimum, seconds, isGrouped, open]);
  const select = (node: CallNode | undefined): void =>
    change({ service: node === undefined ? '' : (namespaceOfGroup(node) ?? node.service) }, 'push');
  const openGroup = (node: CallNode): void =>
    change({ open: [...new Set([...open, node.title])], service: '' }, 'push');
  return (
    <div className="map-page">
      <div className="board-head">
        <h1>Map</h1>
        <TimeRangePicker state={time} />
      </div>
      <div className="map-tools row" role="group" aria-label="What the map shows">
        <label>
          Service
          <select
            aria-label="Service"
            value={drawn?.focus ?? ''}
            onChange={({ target }) => select(drawn?.total.nodes.find(({ id }) => id === target.value))}
          >
            <option value="">All</option>
            {drawn?.total.nodes.map(({ id, title, members }) => (
              <option key={id} value={id}>
                {members === undefined ? title : `${title} (${members} services)`}
              </option>
            ))}
          </select>
        </label>
        <label>
          Focus
          <select
            aria-label="Focus"
            value={depth}
            disabled={drawn?.focus === undefined}
            onChange={({ target }) => change({ depth: target.value === '0' ? '' : target.value }, 'push')}
          >
            <option value={0}>Whole map</option>
            {Array.from({ length: maxDepth }, (_, n) => (
              <option key={n} value={n + 1}>
                {n + 1} {n === 0 ? 'step' : 'steps'}
              </option>
            ))}
          </select>
        </label>
        <label>
          <select
            aria-label="Direction"
            value={side}
            disabled={drawn?.focus === undefined || depth === 0}
            onChange={({ target }) => change({ side: target.value === 'both' ? '' : target.value }, 'push')}
          >
            {sides.map((each) => (
              <option key={each} value={each}>
                {sideNames[each]}
              </option>
            ))}
          </select>
        </label>
        <ThresholdForm key={minimum} minimum={minimum} onChange={(min) => change({ min }, 'push')} />
        <label title={namespaces.length === 0 ? 'No service has the resource attribute service.namespace' : undefined}>
          <input
            type="checkbox"
            checked={isGrouped}
            disabled={namespaces.length === 0 && !isGrouped}
            onChange={({ target }) => change({ group: target.checked ? 'namespace' : '', open: '' }, 'push')}
          />{' '}
          Group by namespace
        </label>
        {isGrouped &&
          open.map((namespace) => (
            <button
              key={namespace}
              type="button"
              aria-label={`Close group ${namespace}`}
              onClick={() => change({ open: open.filter((each) => each !== namespace) }, 'push')}
            >
              <bdi>{namespace}</bdi> ×
            </button>
          ))}
        <button type="button" aria-pressed={isTable} onClick={() => change({ view: isTable ? '' : 'table' }, 'push')}>
          Table
        </button>
      </div>
      {error !== null && <Failure error={error} retry={retry} />}
      {drawn === undefined && error === null && (
        <div className="skeleton" role="status" aria-label="Loading service map" />
      )}
      {drawn !== undefined && (
        <>
          <p className="quiet map-summary">{summaryOf(drawn, minimum)}</p>
          {drawn.total.nodes.length === 0 ? (
            <p className="notice">
              No calls in this time range. <Link href="/search?range=all">All traces</Link>
            </p>
          ) : (
            <div className="map-body">
              <GraphExplorer
                title="Service map"
                graph={drawn.graph}
                time={time}
                isTable={isTable}
                selected={drawn.focus}
                onSelect={select}
                onOpenGroup={openGroup}
                hasNodeDetails
                zoomsWithWheel
              />
            </div>
          )}
        </>
      )}
    </div>
  );
}

function depthOf(text: string | null): number {
  const depth = Number(text);
  return Number.isInteger(depth) && depth >= 1 && depth <= maxDepth ? depth : 0;
}

/** What is shown and what is left out, and why. */
function summaryOf(
  { graph, total, rareEdges, hiddenNodes }: FilteredGraph & { readonly total: CallGraph },
  minimum: string,
): string {
  const shownOf = (some: readonly unknown[], all: readonly unknown[], what: string): string =>
    `${some.length === all.length ? '' : `${formatNumber(some.length)} of `}${formatNumber(all.length)} ${what}`;
  const parts = [shownOf(graph.nodes, total.nodes, 'services'), shownOf(graph.edges, total.edges, 'edges')];
  if (rareEdges > 0)
    parts.push(`${formatNumber(rareEdges)} edges below ${minimum.replace('/s', ' calls/s')} are hidden`);
  if (hiddenNodes > 0) parts.push(`${formatNumber(hiddenNodes)} services are hidden`);
  return parts.join(' · ');
}

/** The field of the least number of calls, which takes effect when it is submitted or left. */
function ThresholdForm({
  minimum,
  onChange,
}: {
  readonly minimum: string;
  readonly onChange: (minimum: string) => void;
}) {
  const threshold = thresholdOf(minimum);
  const submit = (form: HTMLFormElement): void => {
    const data = new FormData(form);
    const next = `${String(data.get('value') ?? '')}${String(data.get('unit') ?? '')}`;
    onChange(thresholdOf(next) === undefined ? '' : next);
  };
  const unit: Threshold['unit'] = threshold?.unit ?? '/s';
  return (
    <form
      className="map-threshold"
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        submit(event.currentTarget);
      }}
    >
      <label>
        Hide edges below
        <input
          name="value"
          type="number"
          min="0"
          step="any"
          placeholder="0"
          defaultValue={threshold?.value ?? ''}
          onBlur={({ target }) =>
            target.form !== null && target.value !== String(threshold?.value ?? '') && submit(target.form)
          }
        />
      </label>
      <select
        name="unit"
        aria-label="Unit of the limit"
        defaultValue={unit}
        onChange={({ target }) => threshold !== undefined && target.form !== null && submit(target.form)}
      >
        <option value="/s">calls/s</option>
        <option value="%">% of calls</option>
      </select>
    </form>
  );
}
