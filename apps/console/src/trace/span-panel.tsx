import { attributeText } from '@spandrel/console-api/attribute-text';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Attributes, SpanDetails } from '../api/answers.ts';
import { CopyButton } from '../copy-button.tsx';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';
import { attributeCondition } from '../search/attribute-condition.ts';
import { serviceColour } from '../service-colour.ts';
import { Waiting } from '../waiting.tsx';
import type { TraceModel } from './trace-model.ts';
import type { TraceSource } from './trace-source.ts';

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses = ['unset', 'ok', 'error'];
/** A value that is longer is shown when it is asked for. */
const longText = 2_000;
/** What an event of an exception has in places of its own. */
const exceptionKeys: ReadonlySet<string> = new Set(['exception.type', 'exception.message', 'exception.stacktrace']);

/** All there is of a span. Whatever senders have written is text here. */
export function SpanPanel(props: {
  readonly model: TraceModel;
  readonly source: TraceSource;
  readonly span: number;
  readonly onSelect: (span: number) => void;
  readonly onClose: () => void;
}) {
  const { model, source, span, onSelect, onClose } = props;
  const { spans } = model.answer;
  const spanId = spans.id[span] ?? '';
  const [service, name] = model.answer.operations[spans.operation[span] ?? 0] ?? ['', ''];
  const queryKey = ['span', source.key, span];
  const details = useQuery({ queryKey, queryFn: ({ signal }) => source.details(span, signal) });
  const parent = model.parent[span] ?? -1;
  return (
    <aside className="span-panel" aria-label="Span">
      <div className="row spread">
        <h2>
          <span className={`dot ${serviceColour(service)}`} aria-hidden="true" /> <bdi>{name}</bdi>
        </h2>
        <button type="button" onClick={onClose} aria-label="Close the span" title="Close ( Esc )">
          ×
        </button>
      </div>
      <dl className="pairs">
        <Pair name="Service" value={service} />
        <Pair name="Duration" value={formatDuration(spans.durationNs[span] ?? 0)} />
        <Pair name="Starts after" value={formatDuration(spans.startNs[span] ?? 0)} />
        <Pair name="Self time" value={formatDuration(model.selfNs[span] ?? 0)} />
        <Pair name="On the critical path" value={formatDuration(model.criticalNs[span] ?? 0)} />
        <Pair name="Children" value={(model.childCount[span] ?? 0).toLocaleString()} />
        <Pair name="Span id" value={spanId} canCopy />
      </dl>
      {parent !== -1 && (
        <button type="button" onClick={() => onSelect(parent)}>
          To the parent
        </button>
      )}
      {details.isPending && (
        <Waiting
          what="The span is loading"
          queryKey={queryKey}
          isAsking={details.isFetching}
          retry={() => void details.refetch()}
          className="small"
        />
      )}
      {details.isError && <Failure error={details.error} retry={() => void details.refetch()} />}
      {details.data?.map((each, n) => (
        <Details key={n} span={each} traceStart={model.answer.startTimeUnixNano} />
      ))}
    </aside>
  );
}

function Details({ span, traceStart }: { readonly span: SpanDetails; readonly traceStart: string }) {
  const { status, scope } = span;
  const after = (unixNano: string): string => formatDuration(Number(BigInt(unixNano) - BigInt(traceStart)));
  return (
    <>
      <dl className="pairs">
        <Pair name="Kind" value={kinds[span.kind] ?? String(span.kind)} />
        <Pair
          name="Status"
          value={`${statuses[status.code] ?? status.code}${status.message === '' ? '' : `: ${status.message}`}`}
          canCopy={status.message !== ''}
        />
        <Pair name="Start" value={formatTime(span.startTimeUnixNano)} />
        {span.traceState !== '' && <Pair name="Trace state" value={span.traceState} canCopy />}
      </dl>
      {span.events.map((event, n) =>
        event.name === 'exception' ? (
          <ExceptionEvent key={n} attributes={event.attributes} after={after(event.timeUnixNano)} />
        ) : undefined,
      )}
      <Section title="Attributes" attributes={span.attributes} dropped={span.droppedAttributes} isOpen canSearch />
      {span.events.map((event, n) =>
        event.name === 'exception' ? undefined : (
          <Section
            key={n}
            title={`Event ${event.name}, at ${after(event.timeUnixNano)}`}
            attributes={event.attributes}
          />
        ),
      )}
      <Dropped count={span.droppedEvents} what="events" />
      {span.links.map((link, n) => (
        <Section key={n} title="Link" attributes={link.attributes} isOpen>
          {/^[\da-f]{32}$/.test(link.traceId) && (
            <Link
              className="code"
              href={`/trace/${link.traceId}${/^[\da-f]{16}$/.test(link.spanId) ? `?span=${link.spanId}` : ''}`}
            >
              {link.traceId}
            </Link>
          )}
        </Section>
      ))}
      <Dropped count={span.droppedLinks} what="links" />
      <Section title="Resource" attributes={span.resource.attributes} canSearch />
      {scope.name !== '' && (
        <Section title={`Scope ${scope.name} ${scope.version}`.trim()} attributes={scope.attributes} />
      )}
    </>
  );
}

function ExceptionEvent({ attributes, after }: { readonly attributes: Attributes; readonly after: string }) {
  const text = (key: string): string => (attributes[key] === undefined ? '' : attributeText(attributes[key]));
  const stack = text('exception.stacktrace');
  const rest = Object.entries(attributes).filter(([key]) => !exceptionKeys.has(key));
  return (
    <section className="exception" aria-label="Exception">
      <h3>
        <bdi>{text('exception.type') || 'Exception'}</bdi> <span className="quiet">at {after}</span>
      </h3>
      <Value value={text('exception.message')} />
      {stack !== '' && (
        <details open>
          <summary>Stack trace</summary>
          <div className="stack">
            {/* So that the keyboard can scroll it. */}
            <pre tabIndex={0} aria-label="Stack trace">
              <bdi>{stack.slice(0, 100_000)}</bdi>
            </pre>
            <CopyButton text={stack} what="the stack trace" />
          </div>
        </details>
      )}
      {rest.length > 0 && <Pairs entries={rest} />}
    </section>
  );
}

function Section(props: {
  readonly title: string;
  readonly attributes: Attributes;
  readonly dropped?: number;
  readonly isOpen?: boolean;
  readonly canSearch?: boolean;
  readonly children?: ReactNode;
}) {
  const entries = Object.entries(props.attributes);
  return (
    <details open={props.isOpen === true}>
      <summary>
        <bdi>{props.title}</bdi> <span className="quiet">{entries.length}</span>
      </summary>
      {props.children}
      <Pairs entries={entries} canSearch={props.canSearch === true} />
      <Dropped count={props.dropped ?? 0} what="attributes" />
    </details>
  );
}

function Pairs(props: { readonly entries: readonly (readonly [string, unknown])[]; readonly canSearch?: boolean }) {
  return (
    <dl className="pairs">
      {props.entries.map(([name, value]) => (
        <Pair key={name} name={name} value={attributeText(value)} canCopy>
          {props.canSearch === true && attributeText(value).length <= maxSearchLength && (
            <Link
              className="find-alike"
              href={`/search?${new URLSearchParams({ attribute: attributeCondition(name, attributeText(value)) }).toString()}`}
              aria-label={`Search for spans with this ${name}`}
              title="Search for spans that have this too"
            >
              ⌕
            </Link>
          )}
        </Pair>
      ))}
    </dl>
  );
}

/** What an address can hold. */
const maxSearchLength = 200;

function Dropped({ count, what }: { readonly count: number; readonly what: string }) {
  if (count === 0) return undefined;
  return (
    <p className="quiet">
      {count} more {what} were dropped by the sender
    </p>
  );
}

function Pair(props: {
  readonly name: string;
  readonly value: string;
  readonly canCopy?: boolean;
  readonly children?: ReactNode;
}) {
  return (
    <div>
      <dt>
        <bdi>{props.name}</bdi>
      </dt>
      <dd>
        <Value value={props.value} />
        {props.canCopy === true && <CopyButton text={props.value} what={props.name.slice(0, 100)} />}
        {props.children}
      </dd>
    </div>
  );
}

function Value({ value }: { readonly value: string }) {
  if (value.length <= longText) return <bdi>{value}</bdi>;
  return (
    <details>
      <summary>
        <bdi>{value.slice(0, 200)}</bdi>… {value.length.toLocaleString()} characters
      </summary>
      <bdi>{value}</bdi>
    </details>
  );
}
