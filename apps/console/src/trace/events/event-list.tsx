import { attributeText } from '@spandrel/console-api/attribute-text';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useEffectEvent, useRef } from 'react';
import type { Attributes } from '../../api/types.ts';
import { formatDuration } from '../../format/duration.ts';
import { operationText } from '../../operation-name.tsx';
import { serviceColour } from '../../service-colour.ts';
import { compareKeys } from '../span/attribute-groups.ts';

/** An event in a list. */
export interface ListedEvent {
  readonly key: string;
  /** In ns after the start of the trace. */
  readonly timeNs: number;
  readonly name: string;
  readonly attributes: Attributes;
  /** The service and the operation of the span; undefined in a list of one span. */
  readonly span: readonly [service: string, operation: string] | undefined;
}

const rowHeightPx = 28;
/** The most characters of a preview of attributes. */
const maxPreviewLength = 300;

/** A virtualized list of events, one line each. A click opens the details of an event. */
export function EventList(props: {
  readonly label: string;
  readonly events: readonly ListedEvent[];
  /** The keys of the events whose details are shown. */
  readonly open: ReadonlySet<string>;
  readonly onClick: (event: ListedEvent) => void;
  /** The details of an open event. */
  readonly details?: (event: ListedEvent) => ReactNode;
  /** Called when the end of the list is near, also for new events while it is. */
  readonly onEnd?: () => void;
  /** The height of a long list; undefined if the list fills its parent element. */
  readonly maxHeightPx?: number;
}) {
  const { label, events, open, onClick, details, onEnd, maxHeightPx } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    getItemKey: (index) => events[index]?.key ?? index,
    overscan: 10,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  const isNearEnd = last >= events.length - 20;
  const reachEnd = useEffectEvent(() => onEnd?.());
  useEffect(() => {
    if (isNearEnd) reachEnd();
  }, [isNearEnd, events]);
  return (
    <div
      ref={scroller}
      className="event-list"
      tabIndex={0}
      role="region"
      aria-label={label}
      style={maxHeightPx === undefined ? {} : { height: Math.min(virtual.getTotalSize() + 2, maxHeightPx) }}
    >
      <ol style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start, key }) => {
          const event = events[index];
          if (event === undefined) return undefined;
          const isOpen = open.has(event.key);
          return (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              aria-setsize={events.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <button
                type="button"
                className={`event-row ${isOpen ? 'open' : ''}`}
                {...(details === undefined ? { 'aria-pressed': isOpen } : { 'aria-expanded': isOpen })}
                onClick={() => onClick(event)}
              >
                <span className="event-time">{formatDuration(event.timeNs)}</span>
                {event.span !== undefined && (
                  <span className="event-span" title={`${event.span[0]}: ${operationText(event.span[1])}`}>
                    <span className={`dot ${serviceColour(event.span[0])}`} aria-hidden="true" />{' '}
                    <bdi>{event.span[0]}</bdi> <bdi className="quiet">{operationText(event.span[1])}</bdi>
                  </span>
                )}
                <bdi className={event.name === 'exception' ? 'event-name bad' : 'event-name'}>
                  {event.name === '' ? '(no name)' : event.name}
                </bdi>
                <span className="event-preview quiet">
                  <bdi>{previewOf(event.attributes)}</bdi>
                </span>
              </button>
              {isOpen && details?.(event)}
            </li>
          );
        })}
      </ol>
    </div>
  );
}

/** The attributes of an event on one line. */
function previewOf(attributes: Attributes): string {
  let preview = '';
  for (const key of Object.keys(attributes).toSorted(compareKeys)) {
    if (preview.length > maxPreviewLength) break;
    preview += `${preview === '' ? '' : '  '}${key}=${attributeText(attributes[key]).slice(0, maxPreviewLength)}`;
  }
  return preview;
}
