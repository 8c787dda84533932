import { setImmediate } from 'node:timers/promises';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { Slots } from './slots.js';

/** A query whose result several requests take. */
interface SharedQuery {
  readonly result: Promise<readonly unknown[]>;
  readonly abandoned: AbortController;
  /** An end needs no abort, which would make an error with a stack for each list. */
  hasEnded: boolean;
  requests: number;
  /** When the next request gets the result: one in a turn of the event loop, since each makes a long response of it. */
  nextTurn: Promise<void>;
}

/**
 * Runs queries one at a time. Requests for the same list share a query that has not begun: so a list is never older than its
 * request, and one query serves however many requests come while the query before it runs.
 */
export class SharedLists {
  private readonly slots = new Slots(1);
  /** What waits for its turn, by list. */
  private readonly waiting = new Map<string, SharedQuery>();

  /** How many queries wait for their turn. */
  get queued(): number {
    return this.slots.waiting;
  }

  /**
   * @param list the same for requests that can share a result
   * @param run is called at most once for all that share it; its signal comes when none of them waits any more
   * @throws TracestoreError `cancelled` when the signal comes, and what `run` throws
   */
  async share<Row>(
    list: string,
    run: (signal: AbortSignal) => Promise<readonly Row[]>,
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> {
    const query = this.waiting.get(list) ?? this.begin(list, run);
    query.requests += 1;
    try {
      const rows = await (signal === undefined ? query.result : unlessAborted(query.result, signal));
      const turn = query.nextTurn;
      query.nextTurn = turn.then(() => setImmediate());
      await turn;
      return rows as readonly Row[];
    } finally {
      query.requests -= 1;
      if (query.requests === 0) {
        if (this.waiting.get(list) === query) this.waiting.delete(list);
        if (!query.hasEnded) query.abandoned.abort();
      }
    }
  }

  private begin<Row>(list: string, run: (signal: AbortSignal) => Promise<readonly Row[]>): SharedQuery {
    const abandoned = new AbortController();
    const inTurn = async (): Promise<readonly Row[]> => {
      try {
        await this.slots.take(() => undefined, abandoned.signal);
      } finally {
        if (this.waiting.get(list) === query) this.waiting.delete(list);
      }
      try {
        return await run(abandoned.signal);
      } finally {
        query.hasEnded = true;
        this.slots.giveBack();
      }
    };
    const query: SharedQuery = {
      result: inTurn(),
      abandoned,
      hasEnded: false,
      requests: 0,
      nextTurn: Promise.resolve(),
    };
    // It may fail after the last request was cancelled.
    query.result.catch(() => undefined);
    this.waiting.set(list, query);
    return query;
  }
}

/** @throws TracestoreError `cancelled` as soon as the signal comes */
async function unlessAborted<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void =>
    aborted.reject(new TracestoreError(errorKinds.cancelled, undefined, { cause: signal.reason }));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([result, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
