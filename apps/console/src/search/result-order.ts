const key = 'spandrel-search-results';

/** The results of the last search in this tab, for steps from trace to trace. */
export interface ResultOrder {
  /** The address of the search page. */
  readonly address: string;
  /** The ids of the traces, in the order of the list. */
  readonly traceIds: readonly string[];
}

/** More results are not kept. */
const maxResults = 5_000;

/** Keep the results for the trace page. They survive a reload of the tab. */
export function keepResultOrder(order: ResultOrder): void {
  const kept = { ...order, traceIds: [...new Set(order.traceIds)].slice(0, maxResults) };
  try {
    sessionStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // Without storage there are no steps.
  }
}

/** The results of the last search; undefined if there was none in this tab. */
export function resultOrder(): ResultOrder | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Partial<ResultOrder> | null;
    const { address, traceIds } = kept ?? {};
    if (typeof address !== 'string' || !Array.isArray(traceIds)) return undefined;
    return { address, traceIds: traceIds.filter((id) => typeof id === 'string') };
  } catch {
    return undefined;
  }
}
