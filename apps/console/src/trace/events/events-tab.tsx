import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Failure } from '../../failure.tsx';
import { counted, formatNumber } from '../../format/number.ts';
import { Loading } from '../../loading.tsx';
import type { TraceTabProps } from '../trace-tab.ts';
import { EventList, type ListedEvent } from './event-list.tsx';

/** The list ends after so many events, because they take memory. */
const maxEvents = 100_000;

/** The events of all spans of a trace, in the order of time. A click selects the span of an event. */
export function EventsTab({ model, source, matching, onSelect }: TraceTabProps) {
  const { waterfall } = model;
  const queryKey = ['events', source.key];
  const pages = useInfiniteQuery({
    queryKey,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => source.events(pageParam, signal),
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    staleTime: Infinity,
  });
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const indexOf = useMemo(() => {
    const byId = new Map<string, number>();
    for (const span of model.order.toReversed()) byId.set(waterfall.spans.id[span] ?? '', span);
    return byId;
  }, [model, waterfall]);
  const events = useMemo(() => {
    const traceStart = BigInt(waterfall.startTimeUnixNano);
    return (pages.data?.pages ?? [])
      .flatMap((page) => page.events)
      .map((event, n): ListedEvent & { readonly spanIndex: number } => {
        const spanIndex = indexOf.get(event.spanId) ?? -1;
        const [service, operation] = waterfall.operations[waterfall.spans.operation[spanIndex] ?? -1] ?? ['', ''];
        return {
          key: String(n),
          timeNs: Number(BigInt(event.timeUnixNano) - traceStart),
          name: event.name,
          attributes: event.attributes,
          span: [service, operation],
          spanIndex,
        };
      })
      .filter(({ spanIndex }) => matching === undefined || matching[spanIndex] === 1);
  }, [pages.data, waterfall, indexOf, matching]);
  if (pages.isPending) {
    return (
      <Loading
        what="Loading events"
        queryKey={queryKey}
        isFetching={pages.isFetching}
        retry={() => void pages.refetch()}
      />
    );
  }
  const loaded = pages.data?.pages.reduce((sum, page) => sum + page.events.length, 0) ?? 0;
  const count = waterfall.spans.events.reduce((sum, each) => sum + each, 0);
  return (
    <div className="events-tab">
      <p className="quiet">
        {counted(count, 'event')} in the order of time
        {matching === undefined ? '' : `, of spans that match the filter: ${formatNumber(events.length)} so far`}
        {count > maxEvents ? `, of the first ${formatNumber(maxEvents)} events` : ''}
        {pages.isFetchingNextPage ? '. Loading more…' : ''}
      </p>
      {pages.isError && <Failure error={pages.error} retry={() => void pages.fetchNextPage()} />}
      {count === 0 ? undefined : (
        <EventList
          label="Events"
          events={events}
          open={open}
          onClick={(event) => {
            setOpen(new Set([event.key]));
            const { spanIndex } = event as ListedEvent & { readonly spanIndex: number };
            if (spanIndex !== -1) onSelect(spanIndex);
          }}
          onEnd={() => {
            if (loaded < maxEvents && pages.hasNextPage && !pages.isFetching && !pages.isError)
              void pages.fetchNextPage();
          }}
        />
      )}
    </div>
  );
}
