import type { TraceSummary } from '../api/types.ts';
import { CopyButton } from '../copy-button.tsx';
import { counted, formatNumber } from '../format/number.ts';
import { serviceColour } from '../service-colour.ts';
import type { ResultColumn } from './result-table.tsx';
import { durationColumn, startColumn } from './time-columns.tsx';

/** Further services are only counted. */
const maxServices = 12;

/** All columns that a list of traces can have. The first one is always shown. */
export const traceColumns: readonly ResultColumn<TraceSummary>[] = [
  {
    id: 'name',
    title: 'Service and operation',
    width: 'minmax(12em, 3fr)',
    cell: (trace) => <TraceName trace={trace} />,
  },
  durationColumn,
  {
    id: 'spans',
    title: 'Spans',
    width: '4.5em',
    isNumber: true,
    cell: ({ spans }) => <Count count={spans} unit="span" />,
  },
  {
    id: 'errors',
    title: 'Errors',
    width: '4.5em',
    isNumber: true,
    cell: ({ errors }) => (
      <span className={errors > 0 ? 'bad' : 'quiet'}>
        <Count count={errors} unit="error" />
      </span>
    ),
  },
  {
    id: 'services',
    title: 'Services (errors)',
    width: 'minmax(10em, 4fr)',
    cell: (trace) => <Services trace={trace} />,
  },
  startColumn,
  {
    id: 'missing',
    title: 'Missing parents',
    width: '8em',
    isNumber: true,
    cell: ({ orphans }) => <span className={orphans > 0 ? '' : 'quiet'}>{formatNumber(orphans)}</span>,
  },
  {
    id: 'trace',
    title: 'Trace ID',
    width: '22em',
    cell: ({ traceId }) => (
      <span className="code trace-id-cell">
        {traceId} <CopyButton text={traceId} what={`trace ID ${traceId}`} />
      </span>
    ),
  },
];

/** Shown until the user chooses others. */
export const defaultTraceColumns: readonly string[] = ['duration', 'spans', 'errors', 'services', 'start'];

function TraceName({ trace }: { readonly trace: TraceSummary }) {
  const { root, firstSpan, orphans } = trace;
  const name = root ?? firstSpan;
  return (
    <>
      <span className={`dot ${serviceColour(name.service)}`} aria-hidden="true" />{' '}
      <bdi className="service">{name.service}</bdi> <bdi>{name.operation}</bdi>
      {root === null && (
        <em className="quiet"> incomplete, no root span, {counted(orphans, 'span')} with a missing parent</em>
      )}
    </>
  );
}

/** Services with their numbers of errors. */
function Services({ trace }: { readonly trace: TraceSummary }) {
  const others = trace.services.length - maxServices;
  return (
    <span className="services">
      {trace.services.slice(0, maxServices).map(({ name, errors }) => (
        <span key={name}>
          <span className={`dot ${serviceColour(name)}`} aria-hidden="true" />
          <bdi>{name}</bdi>
          {errors > 0 && (
            <span className="bad">
              ({formatNumber(errors)}
              <span className="visually-hidden"> {errors === 1 ? 'error' : 'errors'}</span>)
            </span>
          )}
        </span>
      ))}
      {others > 0 && <span className="quiet">and {others} more</span>}
    </span>
  );
}

/** The services of a trace with their numbers of spans and errors. */
export function servicesOf({ services }: TraceSummary): string {
  return services
    .map(({ name, spans, errors }) => `${name}: ${counted(spans, 'span')}, ${counted(errors, 'error')}`)
    .join('\n');
}

/** A number, whose unit is in the head of the table, and on a phone beside it. */
function Count({ count, unit }: { readonly count: number; readonly unit: string }) {
  return (
    <>
      {formatNumber(count)}
      <span className="unit"> {count === 1 ? unit : `${unit}s`}</span>
    </>
  );
}
