import type { Waterfall } from '../api/types.ts';

/** An event on the bar of its span. */
export interface EventMark {
  /** In ns after the start of the trace. */
  readonly timeNs: number;
  readonly name: string;
}

/** The event marks of each span that has any, in the order of time. */
export function eventMarksOf({ eventMarks }: Pick<Waterfall, 'eventMarks'>): ReadonlyMap<number, readonly EventMark[]> {
  const marks = new Map<number, EventMark[]>();
  for (const [n, span] of eventMarks.span.entries()) {
    const mark = { timeNs: eventMarks.timeNs[n] ?? 0, name: eventMarks.names[eventMarks.name[n] ?? 0] ?? '' };
    const known = marks.get(span);
    if (known === undefined) marks.set(span, [mark]);
    else known.push(mark);
  }
  return marks;
}
