import type { TraceModel } from './trace-model.ts';

type Spans = Pick<TraceModel, 'order' | 'childCount'> & {
  readonly waterfall: { readonly spans: { readonly id: readonly string[] } };
};

/** The URL lists at most this many spans, because servers limit its length. Earlier ones are dropped. */
const maxListed = 200;

const all = 'all';

/**
 * Read the collapsed spans from the URL. `closed` lists them, or is `all` with the exceptions in `open`.
 *
 * @returns the spans whose children are hidden
 */
export function closedOf(model: Spans, closed: string, open: string): ReadonlySet<number> {
  if (closed === '') return new Set();
  const listed = new Set((closed === all ? open : closed).split(','));
  const isListed = (span: number): boolean => listed.has(model.waterfall.spans.id[span] ?? '');
  return new Set(parentsOf(model).filter((span) => isListed(span) !== (closed === all)));
}

/** Write the collapsed spans as parameters of the URL. */
export function closedParameters(
  model: Spans,
  closed: ReadonlySet<number>,
): { readonly closed: string; readonly open: string } {
  const idsOf = (spans: readonly number[]): string =>
    spans
      .slice(-maxListed)
      .map((span) => model.waterfall.spans.id[span] ?? '')
      .join(',');
  const open = parentsOf(model).filter((span) => !closed.has(span));
  return open.length < closed.size ? { closed: all, open: idsOf(open) } : { closed: idsOf([...closed]), open: '' };
}

/** The spans with children, in the order of the tree. */
export function parentsOf({ order, childCount }: Pick<Spans, 'order' | 'childCount'>): readonly number[] {
  return order.filter((span) => (childCount[span] ?? 0) > 0);
}
