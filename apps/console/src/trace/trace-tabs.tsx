import { lazyComponent } from '../lazy-component.tsx';
import { useAddress } from '../use-address.ts';
import { EventsTab } from './events/events-tab.tsx';
import { FlameGraph } from './flame-graph.tsx';
import { OperationTable } from './operation-table.tsx';
import type { TraceTab, TraceTabProps } from './trace-tab.ts';
import { WaterfallRows } from './waterfall-rows.tsx';

const ConversationView = lazyComponent<TraceTabProps>(
  'Loading conversation',
  async () => (await import('./gen-ai/conversation-view.tsx')).ConversationView,
);

/** The tabs of the trace page. The first one is the default. */
export const traceTabs: readonly [TraceTab, ...TraceTab[]] = [
  { name: 'waterfall', title: 'Waterfall', hasTimeAxis: true, Content: WaterfallTab },
  { name: 'flame', title: 'Flame graph', hasTimeAxis: true, Content: FlameGraph },
  { name: 'operations', title: 'Operations', hasTimeAxis: false, Content: OperationsTab },
  { name: 'events', title: 'Events', hasTimeAxis: false, Content: EventsTab },
  {
    name: 'conversation',
    title: 'Conversation',
    hasTimeAxis: false,
    isShown: ({ totals }) => totals !== undefined,
    Content: ConversationView,
  },
];

function WaterfallTab(props: TraceTabProps) {
  return <WaterfallRows {...props} zoom={props.zoom ?? [0, Math.max(props.model.waterfall.durationNs, 1)]} />;
}

function OperationsTab({ model }: TraceTabProps) {
  const { parameters, change } = useAddress();
  return (
    <OperationTable
      model={model}
      sort={parameters.get('sort')}
      onSort={(sort) => change({ sort })}
      onOperation={(service, operation) => change({ view: undefined, service, operation, errors: undefined }, 'push')}
    />
  );
}
