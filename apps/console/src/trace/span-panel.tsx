import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Attributes, SpanDetails } from '../api/answers.ts';
import { get } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import type { TraceModel } from './trace-model.ts';

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses = ['unset', 'ok', 'error'];
/** A value that is longer is shown when it is asked for. */
const longText = 2_000;

/** All there is of a span. Whatever senders have written is text here. */
export function SpanPanel({
  model,
  span,
  onSelect,
  onClose,
}: {
  readonly model: TraceModel;
  readonly span: number;
  readonly onSelect: (span: number) => void;
  readonly onClose: () => void;
}) {
  const { traceId, startTimeUnixNano, spans } = model.answer;
  const spanId = spans.id[span] ?? '';
  const startNs = spans.startNs[span] ?? 0;
  const durationNs = spans.durationNs[span] ?? 0;
  const details = useQuery({
    queryKey: ['span', traceId, span],
    queryFn: async ({ signal }) => {
      const path = `traces/${traceId}/spans/${spanId}${rangeOf(startTimeUnixNano, startNs)}`;
      return (await get<{ readonly spans: readonly SpanDetails[] }>(path, signal)).spans;
    },
  });
  const parent = model.parent[span] ?? -1;
  return (
    <aside className="span-panel" aria-label="Span">
      <div className="row spread">
        <h2>
          <bdi>{model.answer.operations[spans.operation[span] ?? 0]?.[1]}</bdi>
        </h2>
        <button type="button" onClick={onClose} aria-label="Close the span" title="Close ( Esc )">
          ×
        </button>
      </div>
      <dl className="pairs">
        <Pair name="Service" value={model.answer.operations[spans.operation[span] ?? 0]?.[0] ?? ''} />
        <Pair name="Starts after" value={formatDuration(startNs)} />
        <Pair name="Duration" value={formatDuration(durationNs)} />
        <Pair name="Self time" value={formatDuration(model.selfNs[span] ?? 0)} />
        <Pair name="On the critical path" value={formatDuration(model.criticalNs[span] ?? 0)} />
        <Pair name="Children" value={String(model.childCount[span] ?? 0)} />
        <Pair name="Span id" value={spanId} />
      </dl>
      {parent !== -1 && (
        <button type="button" onClick={() => onSelect(parent)}>
          To the parent
        </button>
      )}
      {details.isPending && <div className="skeleton small" role="status" aria-label="The span is loading" />}
      {details.isError && <Failure error={details.error} retry={() => void details.refetch()} />}
      {details.data?.map((each, n) => (
        <Details key={n} span={each} traceStart={startTimeUnixNano} />
      ))}
    </aside>
  );
}

function Details({ span, traceStart }: { readonly span: SpanDetails; readonly traceStart: string }) {
  const { status, scope } = span;
  return (
    <>
      <dl className="pairs">
        <Pair name="Kind" value={kinds[span.kind] ?? String(span.kind)} />
        <Pair
          name="Status"
          value={`${statuses[status.code] ?? status.code}${status.message === '' ? '' : `: ${status.message}`}`}
        />
        {span.traceState !== '' && <Pair name="Trace state" value={span.traceState} />}
        {scope.name !== '' && <Pair name="Scope" value={`${scope.name} ${scope.version}`} />}
      </dl>
      <Section title="Attributes" attributes={span.attributes} dropped={span.droppedAttributes} isOpen />
      {span.events.map((event, n) => (
        <Section
          key={n}
          title={`Event ${event.name}, at ${formatDuration(Number(BigInt(event.timeUnixNano) - BigInt(traceStart)))}`}
          attributes={event.attributes}
          isOpen={event.name === 'exception'}
        />
      ))}
      {span.droppedEvents > 0 && <p className="quiet">{span.droppedEvents} more events were dropped by the sender</p>}
      {span.links.map((link, n) => (
        <Section key={n} title="Link" attributes={link.attributes} isOpen>
          {/^[\da-f]{32}$/.test(link.traceId) && (
            <Link href={`/trace/${link.traceId}${link.spanId === '' ? '' : `?span=${link.spanId}`}`}>
              {link.traceId}
            </Link>
          )}
        </Section>
      ))}
      {span.droppedLinks > 0 && <p className="quiet">{span.droppedLinks} more links were dropped by the sender</p>}
      <Section title="Resource" attributes={span.resource.attributes} />
      {Object.keys(scope.attributes).length > 0 && <Section title="Scope" attributes={scope.attributes} />}
    </>
  );
}

function Section(props: {
  readonly title: string;
  readonly attributes: Attributes;
  readonly dropped?: number;
  readonly isOpen?: boolean;
  readonly children?: React.ReactNode;
}) {
  const entries = Object.entries(props.attributes);
  return (
    <details open={props.isOpen === true}>
      <summary>
        <bdi>{props.title}</bdi> <span className="quiet">{entries.length}</span>
      </summary>
      {props.children}
      <dl className="pairs">
        {entries.map(([name, value]) => (
          <Pair key={name} name={name} value={textOf(value)} />
        ))}
      </dl>
      {(props.dropped ?? 0) > 0 && <p className="quiet">{props.dropped} more were dropped by the sender</p>}
    </details>
  );
}

function Pair({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>
        <bdi>{name}</bdi>
      </dt>
      <dd>
        {value.length <= longText ? (
          <bdi>{value}</bdi>
        ) : (
          <details>
            <summary>
              <bdi>{value.slice(0, 200)}</bdi>… {value.length.toLocaleString()} characters
            </summary>
            <bdi>{value}</bdi>
          </details>
        )}
      </dd>
    </div>
  );
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each), 1);
}

/** When the span starts, to the microsecond: a number has no more of a trace that is longer than a hundred days. */
function rangeOf(traceStart: string, startNs: number): string {
  if (!Number.isSafeInteger(startNs)) return '';
  const start = BigInt(traceStart) + BigInt(startNs);
  return `?from=${start}&to=${start}`;
}
