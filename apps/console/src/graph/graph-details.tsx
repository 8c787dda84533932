import { dashboardUids } from '@spandrel/console-api/dashboard-names';
import { type ReactNode, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { DataTable } from '../charts/data-table.tsx';
import { formatValue } from '../charts/format-value.ts';
import { tracesAddress } from '../dashboards/traces-address.ts';
import { useDashboardQuery } from '../dashboards/use-dashboards.ts';
import { Failure } from '../failure.tsx';
import { formatNumber } from '../format/number.ts';
import { isoOf } from '../range/time-range.ts';
import type { TimeRangeState } from '../range/use-time-range.ts';
import { serviceColour } from '../service-colour.ts';
import { serviceAddress } from '../services/service-address.ts';
import { type CallEdge, type CallGraph, type CallNode, type CallStats, nameOf } from './call-graph.ts';
import { filterOfEdge, filterOfNode } from './edge-traces.ts';

/** Lists show this many edges at first. */
const firstEdges = 12;

interface DetailsProps {
  readonly graph: CallGraph;
  readonly time: TimeRangeState;
  readonly onSelectEdge: (edge: CallEdge | undefined) => void;
}

/** What is known about an edge: its statistics, the operations that are called, and links to its traces. */
export function EdgeDetails({ graph, edge, time, onSelectEdge }: DetailsProps & { readonly edge: CallEdge }) {
  const [source, target] = [edge.source, edge.target].map((id) => graph.nodes.find((node) => node.id === id));
  const filter = filterOfEdge(source, target);
  const name = `${source === undefined ? '' : nameOf(source)} → ${target === undefined ? '' : nameOf(target)}`;
  const areServices = [source, target].every((node) => node !== undefined && node.service === node.title);
  return (
    <Details title={name} label="Edge" onClose={() => onSelectEdge(undefined)}>
      <Stats stats={edge} p95Ms={edge.p95Ms} time={time} />
      {filter === undefined ? (
        <p className="quiet">Open the group to see the calls of its services.</p>
      ) : (
        <p className="row">
          <Link href={tracesAddress(filter, time.range)}>Traces</Link>
          <Link href={tracesAddress({ ...filter, isFailed: true }, time.range)}>Failed traces</Link>
        </p>
      )}
      {areServices && source !== undefined && target !== undefined && (
        <EdgeOperations source={source} target={target} time={time} />
      )}
    </Details>
  );
}

/** The operations of a service that another service calls. */
function EdgeOperations({
  source,
  target,
  time,
}: {
  readonly source: CallNode;
  readonly target: CallNode;
  readonly time: TimeRangeState;
}) {
  const values = { from: isoOf(time.bounds?.fromMs ?? 0), to: isoOf(time.bounds?.toMs ?? Date.now()) };
  const calls = useDashboardQuery(dashboardUids.serviceDependencies, 'calls-between-services', values, time.refreshes);
  const own = useMemo(() => {
    const columns = calls.data?.columns ?? [];
    const [sourceAt, targetAt] = [columns.indexOf('source'), columns.indexOf('target')];
    return {
      columns,
      rows:
        calls.data?.rows.filter((row) => row[sourceAt] === source.service && row[targetAt] === target.service) ?? [],
    };
  }, [calls.data, source, target]);
  if (calls.error !== null) return <Failure error={calls.error} retry={() => void calls.refetch()} />;
  if (calls.data === undefined) {
    return <div className="skeleton small" role="status" aria-label="Loading operations" />;
  }
  const operationAt = own.columns.indexOf('operation');
  return (
    <DataTable
      label={`Operations of ${target.service} that ${source.service} calls`}
      result={own}
      columns={[
        {
          name: 'operation',
          title: 'Operation',
          unit: undefined,
          cell: (_, row) => {
            const operation = String(row[operationAt]);
            return (
              <Link
                href={tracesAddress({ service: target.service, operation, caller: source.service }, time.range)}
                aria-label={`Traces of ${operation}`}
              >
                <bdi>{operation}</bdi>
              </Link>
            );
          },
        },
        { name: 'calls', title: 'Calls', unit: 'count' },
        { name: 'errors', title: 'Errors', unit: 'count' },
        { name: 'average_ms', title: 'Average', unit: 'milliseconds' },
      ]}
    />
  );
}

/** What is known about a node: its statistics, its callers, and what it calls. */
export function NodeDetails({
  graph,
  node,
  time,
  onSelectEdge,
  onClose,
  onOpenGroup,
}: DetailsProps & {
  readonly node: CallNode;
  readonly onClose: () => void;
  /** Shows the services of a group. */
  readonly onOpenGroup: ((node: CallNode) => void) | undefined;
}) {
  const filter = filterOfNode(node);
  const nodes = new Map(graph.nodes.map((each) => [each.id, each]));
  const callers = graph.edges.filter(({ target }) => target === node.id);
  const called = graph.edges.filter(({ source }) => source === node.id);
  return (
    <Details title={nameOf(node)} label={node.members === undefined ? 'Service' : 'Group'} onClose={onClose}>
      <Stats stats={node} p95Ms={undefined} time={time} />
      {filter !== undefined && (
        <p className="row">
          {node.service === node.title && (
            <Link href={serviceAddress(node.service, time.range)}>Operations and errors</Link>
          )}
          <Link href={tracesAddress(filter, time.range)}>Traces</Link>
          <Link href={tracesAddress({ ...filter, isFailed: true }, time.range)}>Failed traces</Link>
        </p>
      )}
      {node.members !== undefined && onOpenGroup !== undefined && (
        <p>
          <button type="button" onClick={() => onOpenGroup(node)}>
            Show its {node.members} services
          </button>
        </p>
      )}
      <Edges title="Callers" edges={callers} otherOf={({ source }) => nodes.get(source)} onSelect={onSelectEdge} />
      <Edges title="Calls" edges={called} otherOf={({ target }) => nodes.get(target)} onSelect={onSelectEdge} />
    </Details>
  );
}

function Edges({
  title,
  edges,
  otherOf,
  onSelect,
}: {
  readonly title: string;
  readonly edges: readonly CallEdge[];
  readonly otherOf: (edge: CallEdge) => CallNode | undefined;
  readonly onSelect: (edge: CallEdge) => void;
}) {
  const [showsAll, setShowsAll] = useState(false);
  if (edges.length === 0) return null;
  const sorted = edges.toSorted((a, b) => b.calls - a.calls);
  const shown = showsAll ? sorted : sorted.slice(0, firstEdges);
  return (
    <section>
      <h4>
        {title} <span className="quiet">{edges.length}</span>
      </h4>
      <ul>
        {shown.map((edge) => {
          const other = otherOf(edge);
          if (other === undefined) return null;
          return (
            <li key={edge.id}>
              <button type="button" className="as-link" onClick={() => onSelect(edge)}>
                <i className={`dot ${serviceColour(other.service)}`} aria-hidden="true" /> <bdi>{nameOf(other)}</bdi>
              </button>
              <span className="quiet">
                {formatValue(edge.calls, 'count')}×
                {(edge.errorShare ?? 0) > 0 && ` · ${formatValue(edge.errorShare ?? 0, 'share')}`}
              </span>
            </li>
          );
        })}
      </ul>
      {shown.length < sorted.length && (
        <button type="button" onClick={() => setShowsAll(true)}>
          Show all {sorted.length}
        </button>
      )}
    </section>
  );
}

function Stats({
  stats: { calls, averageMs, errorShare },
  p95Ms,
  time,
}: {
  readonly stats: CallStats;
  readonly p95Ms: number | undefined;
  readonly time: TimeRangeState;
}) {
  const seconds = time.bounds === undefined ? undefined : (time.bounds.toMs - time.bounds.fromMs) / 1_000;
  const rows: readonly (readonly [string, string])[] = [
    ['Calls', formatNumber(calls)],
    ...(seconds === undefined ? [] : ([['Rate', formatValue(calls / seconds, 'requestsPerSecond')]] as const)),
    ...(calls === 0 || errorShare === undefined
      ? []
      : ([
          ['Errors', `${formatNumber(Math.round(calls * errorShare))} (${formatValue(errorShare, 'share')})`],
        ] as const)),
    ...(averageMs === undefined ? [] : ([['Average', formatValue(averageMs, 'milliseconds')]] as const)),
    ...(p95Ms === undefined ? [] : ([['p95', formatValue(p95Ms, 'milliseconds')]] as const)),
  ];
  return (
    <dl>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Details({
  title,
  label,
  onClose,
  children,
}: {
  readonly title: string;
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  return (
    <aside className="graph-details" aria-label={`${label} ${title}`}>
      <header>
        <h3>
          <bdi>{title}</bdi>
        </h3>
        <button type="button" aria-label="Close details" onClick={onClose}>
          ×
        </button>
      </header>
      {children}
    </aside>
  );
}
