import type { TraceModel } from './trace-model.ts';

type Spans = Pick<TraceModel, 'order' | 'childCount'> & {
  readonly answer: { readonly spans: { readonly id: readonly string[] } };
};

/** An address is not to grow longer than servers take; what was closed or opened before that many others is forgotten. */
const mostNamed = 200;

const all = 'all';

/**
 * The spans whose children are hidden, as the address has them: `closed` names them, or is `all`, and `open` then names
 * those that are not.
 */
export function closedOf(model: Spans, closed: string, open: string): ReadonlySet<number> {
  if (closed === '') return new Set();
  const named = new Set((closed === all ? open : closed).split(','));
  const isNamed = (span: number): boolean => named.has(model.answer.spans.id[span] ?? '');
  return new Set(parentsOf(model).filter((span) => isNamed(span) !== (closed === all)));
}

/** The other way round: what the address is to have. */
export function closedParameters(
  model: Spans,
  closed: ReadonlySet<number>,
): { readonly closed: string; readonly open: string } {
  const idsOf = (spans: readonly number[]): string =>
    spans
      .slice(-mostNamed)
      .map((span) => model.answer.spans.id[span] ?? '')
      .join(',');
  const open = parentsOf(model).filter((span) => !closed.has(span));
  return open.length < closed.size ? { closed: all, open: idsOf(open) } : { closed: idsOf([...closed]), open: '' };
}

/** The spans that can be closed, from the top. */
export function parentsOf({ order, childCount }: Pick<Spans, 'order' | 'childCount'>): readonly number[] {
  return order.filter((span) => (childCount[span] ?? 0) > 0);
}
