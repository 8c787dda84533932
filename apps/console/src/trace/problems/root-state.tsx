import type { TraceModel } from '../trace-model.ts';
import './problems.css';

/** The span that gives a trace its title: the first root, or the first span of a trace without a root. */
export function titleSpan({ waterfall, order }: Pick<TraceModel, 'waterfall' | 'order'>): number {
  return order.find((span) => waterfall.spans.parentId[span] === null) ?? order[0] ?? 0;
}

/** Says that the title is not that of a root. Renders nothing for a trace with a root. */
export function RootState({ model }: { readonly model: TraceModel }) {
  if (model.waterfall.spans.parentId[titleSpan(model)] === null) return undefined;
  return (
    <span className="root-state" title="Every span names a parent. The title is that of the first span">
      incomplete, no root span
    </span>
  );
}
