import type { FoundSpan } from '../api/types.ts';
import { serviceColour } from '../service-colour.ts';
import type { ResultColumn } from './result-table.tsx';
import { durationColumn, startColumn } from './time-columns.tsx';

/** All columns that a list of spans can have, except attributes. The first one is always shown. */
export const spanColumns: readonly ResultColumn<FoundSpan>[] = [
  {
    id: 'name',
    title: 'Service and operation',
    width: 'minmax(12em, 3fr)',
    cell: ({ service, name }) => (
      <>
        <span className={`dot ${serviceColour(service)}`} aria-hidden="true" /> <bdi className="service">{service}</bdi>{' '}
        <bdi>{name}</bdi>
      </>
    ),
  },
  durationColumn,
  { id: 'kind', title: 'Kind', width: '6.5em', cell: ({ kind }) => <span className="quiet">{kind}</span> },
  {
    id: 'status',
    title: 'Status',
    width: '4.5em',
    cell: ({ status }) => <span className={status === 'error' ? 'bad' : 'quiet'}>{status}</span>,
  },
  {
    id: 'message',
    title: 'Status message',
    width: 'minmax(8em, 2fr)',
    cell: ({ statusMessage }) => <bdi title={statusMessage}>{statusMessage}</bdi>,
  },
  startColumn,
  { id: 'span', title: 'Span ID', width: '11em', cell: ({ spanId }) => <span className="code">{spanId}</span> },
  { id: 'trace', title: 'Trace ID', width: '20em', cell: ({ traceId }) => <span className="code">{traceId}</span> },
];

/** Shown until the user chooses others. */
export const defaultSpanColumns: readonly string[] = ['duration', 'kind', 'status', 'start'];

/** The column of an attribute. @param index of its key in the request */
export function attributeColumn(key: string, index: number): ResultColumn<FoundSpan> {
  return {
    id: `attribute-${index}`,
    title: key,
    width: 'minmax(6em, 1.5fr)',
    cell: ({ attributes }) => {
      const text = attributes[index];
      return text == null ? <span className="quiet">–</span> : <bdi title={text}>{text}</bdi>;
    },
  };
}
