import { attributeText } from '@spandrel/console-api/attribute-text';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { LinkPatternsResponse, SpanDetails } from '../api/types.ts';
import { get } from '../api/client.ts';
import { CopyButton } from '../copy-button.tsx';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatNumber } from '../format/number.ts';
import { formatTime } from '../format/time.ts';
import { Loading } from '../loading.tsx';
import { OperationName, operationText } from '../operation-name.tsx';
import { serviceColour } from '../service-colour.ts';
import { AttributeList, type AttributeListOptions, Pair } from './span/attribute-list.tsx';
import { LongText } from './span/attribute-value.tsx';
import { type LinkContext, linkUrl } from './span/link-url.ts';
import { usePinnedKeys } from './span/pinned-keys.ts';
import { Exceptions, SpanEvents } from './span/span-events.tsx';
import { SpanLinks } from './span/span-links.tsx';
import { spanKinds } from './trace-filter.ts';
import type { TraceModel } from './trace-model.ts';
import type { TraceSource } from './trace-source.ts';

const statuses = ['unset', 'ok', 'error'];

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
        <h2 title={operationText(name)}>
          <span className={`dot ${serviceColour(service)}`} aria-hidden="true" /> <OperationName name={name} />
        </h2>
        <button type="button" onClick={onClose} aria-label="Close span details" title="Close ( Esc )">
          ×
        </button>
      </div>
      <dl className="pairs">
        <Pair name="Service">
          <bdi>{service}</bdi>
        </Pair>
        <Pair name="Duration">{formatDuration(spans.durationNs[span] ?? 0)}</Pair>
        <Pair name="Start offset">{formatDuration(spans.startNs[span] ?? 0)}</Pair>
        <Pair name="Self time">{formatDuration(model.selfNs[span] ?? 0)}</Pair>
        <Pair name="On critical path">{formatDuration(model.criticalNs[span] ?? 0)}</Pair>
        <Pair name="Children">{formatNumber(model.childCount[span] ?? 0)}</Pair>
        <Pair name="Span ID" actions={<CopyButton text={spanId} what="Span ID" />}>
          {spanId}
        </Pair>
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
        <Details key={n} span={each} index={span} model={model} source={source} />
      ))}
    </aside>
  );
}

/** The filter box is shown for more attributes than this. */
const maxWithoutFilter = 8;

function Details(props: {
  readonly span: SpanDetails;
  /** The index of the span in its trace. */
  readonly index: number;
  readonly model: TraceModel;
  readonly source: TraceSource;
}) {
  const { span, index, model, source } = props;
  const { status, scope, resource } = span;
  const [search, setSearch] = useState('');
  const { pinned, togglePin } = usePinnedKeys();
  const patterns = useQuery({
    queryKey: ['link-patterns'],
    queryFn: async ({ signal }) => (await get<LinkPatternsResponse>('link-patterns', signal)).patterns,
    staleTime: Infinity,
  });
  const linkContext = linkContextOf(span);
  const options: AttributeListOptions = { search, pinned, togglePin, patterns: patterns.data ?? [], linkContext };
  const traceStart = model.waterfall.startTimeUnixNano;
  const attributes = Object.entries(span.attributes);
  const resourceAttributes = Object.entries(resource.attributes);
  const shownFirst = [
    ...attributes,
    ...resourceAttributes.filter(([key]) => !Object.hasOwn(span.attributes, key)),
  ].filter(([key]) => pinned.includes(key));
  const spanLinks = (patterns.data ?? []).flatMap((pattern, n) => {
    const href = pattern.attribute === undefined ? linkUrl(pattern, linkContext, undefined) : undefined;
    return href === undefined ? [] : [{ n, href, title: pattern.title }];
  });
  return (
    <>
      {spanLinks.length > 0 && (
        <p className="row">
          {spanLinks.map(({ n, href, title }) => (
            <a key={n} className="button" href={href} target="_blank" rel="noopener noreferrer">
              {title} ↗
            </a>
          ))}
        </p>
      )}
      <dl className="pairs">
        <Pair name="Kind">{spanKinds[span.kind] ?? String(span.kind)}</Pair>
        <Pair
          name="Status"
          actions={status.message === '' ? undefined : <CopyButton text={status.message} what="status message" />}
        >
          {statuses[status.code] ?? status.code}
          {status.message !== '' && (
            <>
              {': '}
              <LongText value={status.message} />
            </>
          )}
        </Pair>
        <Pair name="Start">{formatTime(span.startTimeUnixNano)}</Pair>
        {span.traceState !== '' && (
          <Pair name="Trace state" actions={<CopyButton text={span.traceState} what="trace state" />}>
            <LongText value={span.traceState} />
          </Pair>
        )}
      </dl>
      <Exceptions span={span} traceStart={traceStart} options={options} />
      {attributes.length + resourceAttributes.length > maxWithoutFilter && (
        <input
          type="search"
          className="attribute-filter"
          placeholder="Filter attributes"
          aria-label="Filter attributes"
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
      )}
      {shownFirst.length > 0 && (
        <details open>
          <summary>
            Pinned <span className="quiet">{shownFirst.length}</span>
          </summary>
          <AttributeList entries={shownFirst} options={options} canSearch />
        </details>
      )}
      <Section
        title="Attributes"
        entries={attributes}
        dropped={span.droppedAttributes}
        options={options}
        isOpen
        canSearch
      />
      <SpanEvents span={span} traceStart={traceStart} options={options} />
      <Dropped count={span.droppedEvents} what="events" />
      <SpanLinks source={source} index={index} span={span} options={options} />
      <Dropped count={span.droppedLinks} what="links" />
      <Section
        title="Resource"
        entries={resourceAttributes}
        dropped={resource.droppedAttributes}
        options={options}
        isOpen={search !== ''}
        canSearch
      />
      {scope.name !== '' && (
        <Section
          title={`Scope ${scope.name} ${scope.version}`.trim()}
          entries={Object.entries(scope.attributes)}
          dropped={scope.droppedAttributes}
          options={options}
          isOpen={false}
        />
      )}
    </>
  );
}

function Section(props: {
  readonly title: string;
  readonly entries: readonly (readonly [string, unknown])[];
  readonly dropped: number;
  readonly options: AttributeListOptions;
  readonly isOpen: boolean;
  readonly canSearch?: boolean;
}) {
  const { title, entries, dropped, options, isOpen, canSearch } = props;
  return (
    <details open={isOpen}>
      <summary>
        <bdi>{title}</bdi> <span className="quiet">{entries.length}</span>
      </summary>
      <AttributeList entries={entries} options={options} canSearch={canSearch === true} />
      <Dropped count={dropped} what="attributes" />
    </details>
  );
}

function Dropped({ count, what }: { readonly count: number; readonly what: string }) {
  if (count === 0) return undefined;
  return (
    <p className="quiet">
      {formatNumber(count)} more {what} were dropped by the sender
    </p>
  );
}

function linkContextOf(span: SpanDetails): LinkContext {
  const msOf = (unixNano: string): string => String(BigInt(unixNano) / 1_000_000n);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    service: span.service,
    operation: span.name,
    startUnixMs: msOf(span.startTimeUnixNano),
    endUnixMs: msOf(span.endTimeUnixNano),
    attribute: (key) => {
      const { attributes } = [span, span.resource].find((each) => Object.hasOwn(each.attributes, key)) ?? {};
      return attributes === undefined ? undefined : attributeText(attributes[key]);
    },
  };
}
