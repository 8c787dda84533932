import type { QueryResponse } from '../api/types.ts';
import { numberOf } from '../charts/format-value.ts';

export interface CallStats {
  readonly calls: number;
  readonly averageMs: number | undefined;
  /** From 0 to 1. */
  readonly errorShare: number | undefined;
}

export interface CallNode extends CallStats {
  readonly id: string;
  readonly title: string;
  /** The service of an operation. The service itself if the node is a service. Empty if the node is a group. */
  readonly service: string;
  /** The namespace of a service, if it has one and the result says so. */
  readonly namespace?: string | undefined;
  /** How many services a group stands for. */
  readonly members?: number | undefined;
}

export interface CallEdge extends CallStats {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** 95th percentile; undefined if the result does not have it. */
  readonly p95Ms?: number | undefined;
}

export interface CallGraph {
  readonly nodes: readonly CallNode[];
  readonly edges: readonly CallEdge[];
}

/** Convert the rows of a dashboard's node graph. Edges of unknown nodes are dropped. */
export function callGraphOf(nodes: QueryResponse, edges: QueryResponse): CallGraph {
  const callNodes = rowsOf(nodes).map((row): CallNode => {
    const title = textOf(row['title']);
    const namespace = textOf(row['detail__namespace']);
    return {
      id: textOf(row['id']),
      title,
      service: row['subTitle'] === undefined ? title : textOf(row['subTitle']),
      ...(namespace === '' ? {} : { namespace }),
      ...statsOf(row, 'arc__failed'),
    };
  });
  const ids = new Set(callNodes.map(({ id }) => id));
  const callEdges = rowsOf(edges).map((row): CallEdge => {
    const p95Ms = numberOf(row['detail__p95']);
    return {
      id: textOf(row['id']),
      source: textOf(row['source']),
      target: textOf(row['target']),
      ...statsOf(row, 'detail__failed'),
      ...(p95Ms === undefined ? {} : { p95Ms }),
    };
  });
  return { nodes: callNodes, edges: callEdges.filter(({ source, target }) => ids.has(source) && ids.has(target)) };
}

function rowsOf({ columns, rows }: QueryResponse): readonly Readonly<Record<string, unknown>>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, n) => [column, row[n]])));
}

function statsOf(row: Readonly<Record<string, unknown>>, errors: string): CallStats {
  return {
    calls: numberOf(row['mainStat']) ?? 0,
    averageMs: numberOf(row['secondaryStat']),
    errorShare: numberOf(row[errors]),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The name of a node: its service and, if it is an operation, the operation. */
export function nameOf({ service, title }: CallNode): string {
  return service === title || service === '' ? title : `${service} ${title}`;
}
