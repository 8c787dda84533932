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
  /** The service of an operation. The service itself if the node is a service. */
  readonly service: string;
}

export interface CallEdge extends CallStats {
  readonly id: string;
  readonly source: string;
  readonly target: string;
}

export interface CallGraph {
  readonly nodes: readonly CallNode[];
  readonly edges: readonly CallEdge[];
}

/** Convert the rows of a dashboard's node graph. Edges of unknown nodes are dropped. */
export function callGraphOf(nodes: QueryResponse, edges: QueryResponse): CallGraph {
  const callNodes = rowsOf(nodes).map((row): CallNode => {
    const title = textOf(row['title']);
    return {
      id: textOf(row['id']),
      title,
      service: row['subTitle'] === undefined ? title : textOf(row['subTitle']),
      ...statsOf(row, 'arc__failed'),
    };
  });
  const ids = new Set(callNodes.map(({ id }) => id));
  const callEdges = rowsOf(edges).map((row): CallEdge => {
    return {
      id: textOf(row['id']),
      source: textOf(row['source']),
      target: textOf(row['target']),
      ...statsOf(row, 'detail__failed'),
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

/** The nodes that call a node or are called by it, and the node itself. */
export function neighbours({ edges }: CallGraph, id: string): ReadonlySet<string> {
  return new Set([
    id,
    ...edges.flatMap(({ source, target }) => (source === id ? [target] : target === id ? [source] : [])),
  ]);
}
