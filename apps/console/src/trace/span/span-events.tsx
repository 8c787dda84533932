import { attributeText } from '@spandrel/console-api/attribute-text';
import { useMemo, useState } from 'react';
import type { Attributes, SpanDetails } from '../../api/types.ts';
import { CopyButton } from '../../copy-button.tsx';
import { formatDuration } from '../../format/duration.ts';
import { formatNumber } from '../../format/number.ts';
import { EventList, type ListedEvent } from '../events/event-list.tsx';
import { AttributeList, type AttributeListOptions } from './attribute-list.tsx';
import { LongText } from './attribute-value.tsx';

/** Attributes that an exception event shows separately. */
const exceptionKeys: ReadonlySet<string> = new Set(['exception.type', 'exception.message', 'exception.stacktrace']);
/** So many exceptions are shown with their stack traces; the others are in the list of events. */
const maxExceptions = 3;
const maxStackLength = 100_000;
const maxListHeightPx = 240;

/** The exceptions of a span, with their stack traces. @param traceStart in nanoseconds since 1970 */
export function Exceptions(props: {
  readonly span: SpanDetails;
  readonly traceStart: string;
  readonly options: AttributeListOptions;
}) {
  return props.span.events
    .filter(({ name }) => name === 'exception')
    .slice(0, maxExceptions)
    .map(({ attributes, timeUnixNano }, n) => (
      <ExceptionEvent
        key={n}
        attributes={attributes}
        after={formatDuration(nsAfter(props.traceStart, timeUnixNano))}
        options={props.options}
      />
    ));
}

/** The events of a span in the order in which it has them, in a list of bounded height. */
export function SpanEvents(props: {
  readonly span: SpanDetails;
  readonly traceStart: string;
  readonly options: AttributeListOptions;
}) {
  const { span, traceStart, options } = props;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const events = useMemo(
    () =>
      span.events.map(({ name, attributes, timeUnixNano }, n): ListedEvent => ({
        key: String(n),
        timeNs: nsAfter(traceStart, timeUnixNano),
        name,
        attributes,
        span: undefined,
      })),
    [span, traceStart],
  );
  if (events.length === 0) return undefined;
  const toggle = ({ key }: ListedEvent): void => {
    const after = new Set(open);
    if (!after.delete(key)) after.add(key);
    setOpen(after);
  };
  return (
    <details open>
      <summary>
        Events <span className="quiet">{formatNumber(events.length)}</span>
      </summary>
      <EventList
        label="Events of the span"
        events={events}
        open={open}
        onClick={toggle}
        maxHeightPx={maxListHeightPx}
        details={({ attributes }) => (
          <AttributeList entries={Object.entries(attributes)} options={{ ...options, search: '' }} />
        )}
      />
    </details>
  );
}

function ExceptionEvent(props: {
  readonly attributes: Attributes;
  readonly after: string;
  readonly options: AttributeListOptions;
}) {
  const { attributes, after, options } = props;
  const text = (key: string): string => (Object.hasOwn(attributes, key) ? attributeText(attributes[key]) : '');
  const stack = text('exception.stacktrace');
  const message = text('exception.message');
  const rest = Object.entries(attributes).filter(([key]) => !exceptionKeys.has(key));
  return (
    <section className="exception" aria-label="Exception">
      <h3>
        <bdi>{text('exception.type') || 'Exception'}</bdi> <span className="quiet">at {after}</span>
      </h3>
      {message !== '' && <LongText value={message} />}
      {stack !== '' && (
        <div className="stack">
          <CopyButton text={stack} what="stack trace" />
          <details open>
            <summary>Stack trace</summary>
            {/* Focusable, so that the keyboard can scroll it. */}
            <pre tabIndex={0} aria-label="Stack trace">
              <bdi>{stack.slice(0, maxStackLength)}</bdi>
            </pre>
          </details>
        </div>
      )}
      {rest.length > 0 && <AttributeList entries={rest} options={{ ...options, search: '' }} />}
    </section>
  );
}

function nsAfter(traceStart: string, unixNano: string): number {
  return Number(BigInt(unixNano) - BigInt(traceStart));
}
