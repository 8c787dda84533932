import { readFileSync } from 'node:fs';
import { query } from '@spandrel/embedded/postgres';

interface SpanRow {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly service: string;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly events: readonly string[];
}

/** A span with its children. */
export interface SpanNode extends SpanRow {
  readonly children: readonly SpanNode[];
}

/** A line of a drawing and the branches below it. */
export interface Branch {
  readonly label: string;
  readonly below: readonly Branch[];
}

/**
 * Reads a stored trace. @returns its roots and the spans whose parent is missing
 *
 *
 * @param traceId 32 hex digits
 */
export async function readSpanTree(databaseUrl: string, traceId: string): Promise<readonly SpanNode[]> {
  const sql = readFileSync(new URL('../../../smoke/trace-spans.sql', import.meta.url), 'utf8');
  const rows = await query<SpanRow>(databaseUrl, sql, [[traceId]], 'ps_trace_reader');
  const ids = new Set(rows.map(({ spanId }) => spanId));
  const nodesBelow = (parent: string | undefined): readonly SpanNode[] =>
    rows
      .filter(({ parentSpanId }) =>
        parent === undefined ? parentSpanId === null || !ids.has(parentSpanId) : parentSpanId === parent,
      )
      .map((row) => ({ ...row, children: nodesBelow(row.spanId) }));
  return nodesBelow(undefined);
}

/** Labels a span with service, kind, name, and ERROR when it failed. */
export function branchOf({ service, kind, name, status, children }: SpanNode): Branch {
  return { label: `${service} ${kind} ${name}${status === 'error' ? ' ERROR' : ''}`, below: children.map(branchOf) };
}

/**
 * Draws one line per branch, indented by depth. Siblings are sorted by their text, since the OpenTelemetry SDK rounds the
 * start of a span to the millisecond.
 */
export function draw(branches: readonly Branch[], indent = ''): string {
  return branches
    .map(({ label, below }) => `${indent}${label}\n${draw(below, `${indent}  `)}`)
    .toSorted()
    .join('');
}
