import type { ComponentType } from 'react';
import type { TraceGenAi } from './gen-ai/trace-gen-ai.ts';
import type { TraceModel } from './trace-model.ts';
import type { TraceSource } from './trace-source.ts';
import type { TreeRows } from './tree-rows.ts';
import type { TimeWindow } from './waterfall-rows.tsx';

/** The state of the trace page, for a tab. */
export interface TraceTabProps {
  readonly model: TraceModel;
  readonly source: TraceSource;
  readonly rows: TreeRows;
  /** 1 for each span that matches the filter; undefined without a filter. */
  readonly matching: Uint8Array | undefined;
  readonly collapsed: ReadonlySet<number>;
  /** The spans that the find box found. */
  readonly found: ReadonlySet<number>;
  /** -1 for none. */
  readonly selected: number;
  /** Undefined for the whole trace. */
  readonly zoom: TimeWindow | undefined;
  readonly onSelect: (span: number) => void;
  readonly onToggle: (span: number) => void;
  readonly onZoom: (zoom: TimeWindow | undefined) => void;
  readonly onReveal: (span: number) => void;
}

/** A tab of the trace page. */
export interface TraceTab {
  /** In the address. */
  readonly name: string;
  readonly title: string;
  /** Whether it draws spans over time. If so, the filters and the minimap are shown with it. */
  readonly hasTimeAxis: boolean;
  /** Whether a trace has the tab; every trace has it if this is undefined. */
  readonly isShown?: (genAi: TraceGenAi) => boolean;
  readonly Content: ComponentType<TraceTabProps>;
}
