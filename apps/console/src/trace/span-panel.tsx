import { attributeText } from '@spandrel/console-api/attribute-text';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Attributes, SpanDetails } from '../api/types.ts';
import { CopyButton } from '../copy-button.tsx';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';
import { Loading } from '../loading.tsx';
import { attributeCondition } from '../search/attribute-condition.ts';
import { serviceColour } from '../service-colour.ts';
import type { TraceModel } from './trace-model.ts';
import type { TraceSource } from './trace-source.ts';

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses = ['unset', 'ok', 'error'];
/** Longer values are collapsed at first. */
const maxTextLength = 2_000;
/** Attributes that an exception event shows separately. */
const exceptionKeys: ReadonlySet<string> = new Set(['exception.type', 'exception.message', 'exception.stacktrace']);

/** The details of a span. Values from senders are rendered as text only. */
export function SpanPanel(props: {
  readonly model: TraceModel;
  readonly source: TraceSource;
  readonly span: number;
  readonly onSelect: (span: number) => void;
  readonly onClose: () => void;
}) {
  const { model, source, span, onSelect, onClose } = props;
  const { spans } = model.waterfall;
  const spanId = spans.id[span] ?? '';
  const [service, name] = model.waterfall.operations[spans.operation[span] ?? 0] ?? ['', ''];
  const queryKey = ['span', source.key, span];
  const details = useQuery({ queryKey, queryFn: ({ signal }) => source.details(span, signal) });
  const parent = model.parent[span] ?? -1;
  return (
    <aside className="span-panel" aria-label="Span">
      <div className="row spread">
        <h2>
          <span className={`dot ${serviceColour(service)}`} aria-hidden="true" /> <bdi>{name}</bdi>
        </h2>
        <button type="button" onClick={onClose} aria-label="Close span details" title="Close ( Esc )">
          ×
        </button>
      </div>
      <dl className="pairs">
        <Pair name="Service" value={service} />
        <Pair name="Duration" value={formatDuration(spans.durationNs[span] ?? 0)} />
        <Pair name="Start offset" value={formatDuration(spans.startNs[span] ?? 0)} />
        <Pair name="Self time" value={formatDuration(model.selfNs[span] ?? 0)} />
        <Pair name="On critical path" value={formatDuration(model.criticalNs[span] ?? 0)} />
        <Pair name="Children" value={(model.childCount[span] ?? 0).toLocaleString()} />
        <Pair name="Span ID" value={spanId} canCopy />
      </dl>
      {parent !== -1 && (
        <button type="button" onClick={() => onSelect(parent)}>
          Go to parent
        </button>
      )}
      {details.isPending && (
        <Loading
          what="Loading span"
          queryKey={queryKey}
          isFetching={details.isFetching}
          retry={() => void details.refetch()}
          className="small"
        />
      )}
      {details.isError && <Failure error={details.error} retry={() => void details.refetch()} />}
      {details.data?.map((each, n) => (
        <Details key={n} span={each} traceStart={model.waterfall.startTimeUnixNano} />
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
            {/* Focusable, so that the keyboard can scroll it. */}
            <pre tabIndex={0} aria-label="Stack trace">
              <bdi>{stack.slice(0, 100_000)}</bdi>
            </pre>
            <CopyButton text={stack} what="stack trace" />
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
              className="search-value"
              href={`/search?${new URLSearchParams({ attribute: attributeCondition(name, attributeText(value)) }).toString()}`}
              aria-label={`Search for spans with this ${name}`}
              title="Search for spans with this value"
            >
              ⌕
            </Link>
          )}
        </Pair>
      ))}
    </dl>
  );
}

/** Longer values have no search link, because the length of a URL is limited. */
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
  if (value.length <= maxTextLength) return <bdi>{value}</bdi>;
  return (
    <details>
      <summary>
        <bdi>{value.slice(0, 200)}</bdi>… {value.length.toLocaleString()} characters
      </summary>
      <bdi>{value}</bdi>
    </details>
  );
}
