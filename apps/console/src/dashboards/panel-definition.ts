import type { Dashboard } from '../api/types.ts';
import type { TimeRangeState } from '../range/use-time-range.ts';
import type { Values } from './statement.ts';

export type PanelDefinition = Dashboard['panels'][number];

/** What a panel says if its result has nothing to show; undefined for the usual words. */
export function emptyTextOf({ emptyText, linksToErrors }: PanelDefinition): string | undefined {
  return emptyText ?? (linksToErrors === true ? 'No errors in this time range.' : undefined);
}

/** A panel of a dashboard, with the time range and the variables that it is rendered for. */
export interface PanelProps {
  readonly dashboard: Dashboard;
  readonly panel: PanelDefinition;
  /** Values of the query parameters. */
  readonly values: Values;
  /** The same values for a statement that is run later: the time range may be relative. */
  readonly statementValues: Values;
  readonly time: TimeRangeState;
  /** The service and operation that are selected in a graph or as variables; empty for all. */
  readonly selection: Readonly<Record<'service' | 'operation', string>>;
  /** Called when a service or an operation is selected in a graph. */
  readonly onSelect: (selection: Readonly<Record<'service' | 'operation', string>>) => void;
}
