import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { LinkedSpan, SpanDetails } from '../../api/types.ts';
import { Failure } from '../../failure.tsx';
import { formatDuration } from '../../format/duration.ts';
import { formatNumber } from '../../format/number.ts';
import { OperationName } from '../../operation-name.tsx';
import { serviceColour } from '../../service-colour.ts';
import type { TraceSource } from '../trace-source.ts';
import { AttributeList, type AttributeListOptions } from './attribute-list.tsx';

const maxShownLinks = 100;

/** The links of a span, and the spans that link to it, with the services and operations of the other ends. */
export function SpanLinks(props: {
  readonly source: TraceSource;
  /** The index of the span in its trace. */
  readonly index: number;
  readonly span: SpanDetails;
  readonly options: AttributeListOptions;
}) {
  const { source, index, span, options } = props;
  const links = useQuery({
    queryKey: ['links', source.key, index],
    enabled: source.links !== undefined,
    queryFn: ({ signal }) => source.links?.(index, signal),
  });
  const found = new Map(links.data?.outgoing.map((each) => [`${each.traceId} ${each.spanId}`, each]));
  const incoming = links.data?.incoming ?? [];
  return (
    <>
      {span.links.length > 0 && (
        <details open>
          <summary>
            Links <span className="quiet">{formatNumber(span.links.length)}</span>
          </summary>
          <ul className="span-links">
            {span.links.slice(0, maxShownLinks).map((link, n) => (
              <li key={n}>
                <LinkTarget
                  traceId={link.traceId}
                  spanId={link.spanId}
                  span={found.get(`${link.traceId} ${link.spanId}`)}
                />
                <AttributeList entries={Object.entries(link.attributes)} options={{ ...options, search: '' }} />
              </li>
            ))}
          </ul>
          {span.links.length > maxShownLinks && (
            <p className="quiet">{formatNumber(span.links.length - maxShownLinks)} more links are not shown</p>
          )}
        </details>
      )}
      {links.isError && <Failure error={links.error} retry={() => void links.refetch()} />}
      {incoming.length > 0 && (
        <details open>
          <summary>
            Linked from{' '}
            <span className="quiet">
              {formatNumber(incoming.length)}
              {links.data?.hasMoreIncoming === true ? '+' : ''}
            </span>
          </summary>
          <ul className="span-links">
            {incoming.map((each) => (
              <li key={`${each.traceId} ${each.spanId}`}>
                <LinkTarget traceId={each.traceId} spanId={each.spanId} span={each} />
              </li>
            ))}
          </ul>
          <p className="quiet">
            Spans that link to this one and start from 1 h before to 24 h after it
            {links.data?.hasMoreIncoming === true ? `; only the first ${formatNumber(incoming.length)} are shown` : ''}.
          </p>
        </details>
      )}
    </>
  );
}

function LinkTarget(props: {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined while it is not known, or if it is not stored. */
  readonly span: LinkedSpan | undefined;
}) {
  const { traceId, spanId, span } = props;
  if (!/^[\da-f]{32}$/.test(traceId)) return <span className="quiet">a link without a trace</span>;
  const href = `/trace/${traceId}${/^[\da-f]{16}$/.test(spanId) ? `?span=${spanId}` : ''}`;
  return (
    <Link className="link-target" href={href} title={`Trace ${traceId}`}>
      {span === undefined ? (
        <span className="code">{traceId}</span>
      ) : (
        <>
          <span className={`dot ${serviceColour(span.service)}`} aria-hidden="true" />{' '}
          {span.isError && <span className="bad">! </span>}
          <bdi>{span.service}</bdi>: <OperationName name={span.name} />{' '}
          <span className="quiet">{formatDuration(span.durationNs)}</span>
        </>
      )}
    </Link>
  );
}
