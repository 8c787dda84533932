import { formatDuration } from '../format/duration.ts';
import { formatTime } from '../format/time.ts';
import type { ResultColumn } from './result-table.tsx';

/** A trace or a span. */
interface Timed {
  readonly startTimeUnixNano: string;
  readonly durationNs: number;
}

/** How long it took. The search sorts by it. */
export const durationColumn: ResultColumn<Timed> = {
  id: 'duration',
  title: 'Duration',
  width: '6em',
  isNumber: true,
  order: 'slowest',
  cell: ({ durationNs }) => formatDuration(durationNs),
};

/** When it started. The search sorts by it. */
export const startColumn: ResultColumn<Timed> = {
  id: 'start',
  title: 'Start',
  width: '14.5em',
  isNumber: true,
  order: 'newest',
  cell: ({ startTimeUnixNano }) => <time className="quiet">{formatTime(startTimeUnixNano)}</time>,
};
