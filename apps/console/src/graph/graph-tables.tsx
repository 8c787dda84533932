import { Link } from 'wouter';
import { DataTable, type TableColumn } from '../charts/data-table.tsx';
import { tracesAddress } from '../dashboards/traces-address.ts';
import type { TimeRange } from '../range/time-range.ts';
import { type CallEdge, type CallGraph, type CallNode, type CallStats, nameOf } from './call-graph.ts';
import { filterOfEdge, filterOfNode } from './edge-traces.ts';

const statColumns = [
  { name: 'calls', title: 'Calls', unit: 'count' },
  { name: 'failed', title: 'Failed', unit: 'share' },
  { name: 'average', title: 'Average', unit: 'milliseconds' },
] as const;

function statsOf({ calls, errorShare, averageMs }: CallStats): readonly unknown[] {
  return [calls, errorShare ?? null, averageMs ?? null];
}

/** A node graph as two tables, of its nodes and of its edges, with a button and links for each. */
export function GraphTables({
  title,
  graph,
  range,
  onSelect,
  onSelectEdge,
}: {
  readonly title: string;
  readonly graph: CallGraph;
  readonly range: TimeRange;
  readonly onSelect: (node: CallNode) => void;
  readonly onSelectEdge: (edge: CallEdge) => void;
}) {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const nameAt = (id: string): string => {
    const node = nodes.get(id);
    return node === undefined ? '' : nameOf(node);
  };
  const hasPercentiles = graph.edges.some(({ p95Ms }) => p95Ms !== undefined);
  const hasNamespaces = graph.nodes.some(({ namespace }) => namespace !== undefined);
  const nodeColumns: readonly TableColumn[] = [
    {
      name: 'name',
      title: 'Name',
      unit: undefined,
      cell: (name, [id]) => {
        const node = nodes.get(String(id));
        return (
          <button type="button" className="as-link" onClick={() => node !== undefined && onSelect(node)}>
            <bdi>{String(name)}</bdi>
          </button>
        );
      },
    },
    ...(hasNamespaces ? [{ name: 'namespace', title: 'Namespace', unit: undefined }] : []),
    ...statColumns,
    {
      name: 'traces',
      title: 'Traces',
      unit: undefined,
      cell: (_, [id]) => {
        const node = nodes.get(String(id));
        const filter = node === undefined ? undefined : filterOfNode(node);
        if (node === undefined || filter === undefined) return '–';
        return (
          <Link href={tracesAddress(filter, range)} aria-label={`Traces of ${nameOf(node)}`}>
            Traces
          </Link>
        );
      },
    },
  ];
  const edges = new Map(graph.edges.map((edge) => [edge.id, edge]));
  const edgeColumns: readonly TableColumn[] = [
    { name: 'source', title: 'Caller', unit: undefined },
    { name: 'target', title: 'Called', unit: undefined },
    ...statColumns,
    ...(hasPercentiles ? [{ name: 'p95', title: 'p95', unit: 'milliseconds' as const }] : []),
    {
      name: 'details',
      title: 'Details',
      unit: undefined,
      cell: (_, [id]) => {
        const edge = edges.get(String(id));
        if (edge === undefined) return '–';
        return (
          <button
            type="button"
            className="as-link"
            aria-label={`Details of ${nameAt(edge.source)} → ${nameAt(edge.target)}`}
            onClick={() => onSelectEdge(edge)}
          >
            Details
          </button>
        );
      },
    },
    {
      name: 'traces',
      title: 'Traces',
      unit: undefined,
      cell: (_, [id]) => {
        const edge = edges.get(String(id));
        const filter = edge === undefined ? undefined : filterOfEdge(nodes.get(edge.source), nodes.get(edge.target));
        if (edge === undefined || filter === undefined) return '–';
        return (
          <Link
            href={tracesAddress(filter, range)}
            aria-label={`Traces of ${nameAt(edge.source)} → ${nameAt(edge.target)}`}
          >
            Traces
          </Link>
        );
      },
    },
  ];
  return (
    <div className="graph-tables">
      <DataTable
        label={`${title}: nodes`}
        result={{
          columns: ['id', 'name', 'namespace', 'calls', 'failed', 'average'],
          rows: graph.nodes.map((node) => [node.id, nameOf(node), node.namespace ?? null, ...statsOf(node)]),
        }}
        columns={nodeColumns}
      />
      <DataTable
        label={`${title}: edges`}
        result={{
          columns: ['id', 'source', 'target', 'calls', 'failed', 'average', 'p95'],
          rows: graph.edges.map((edge) => [
            edge.id,
            nameAt(edge.source),
            nameAt(edge.target),
            ...statsOf(edge),
            edge.p95Ms ?? null,
          ]),
        }}
        columns={edgeColumns}
      />
    </div>
  );
}
