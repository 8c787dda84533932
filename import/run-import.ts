import type { FigureCounter } from './figures.ts';
import type { OtlpRequest } from './otlp-requests.ts';
import type { OtlpSender } from './otlp-sender.ts';

/** What a source yields. Each member may be missing. */
export interface SourceItem {
  readonly request?: OtlpRequest;
  /** Spans that cannot be sent, with the reason. */
  readonly rejected?: { readonly spans: number; readonly reason: string };
  /** What the user should know, for the figures. */
  readonly remark?: string;
  /** Where to go on after this item and everything before it. */
  readonly position?: unknown;
}

/** Something that is imported: yields its spans from a position on, which is undefined at the start. */
export interface ImportSource {
  read(position: unknown): AsyncIterable<SourceItem>;
  /** What is being read, for the progress, such as a time or the number of a record. */
  readonly place: string;
}

export interface ImportRun {
  readonly source: ImportSource;
  readonly sender: OtlpSender;
  readonly counter: FigureCounter;
  /** Where an earlier run stopped. */
  readonly position?: unknown;
  /** Called with a position once everything before it has an answer. */
  readonly onAnswered: (position: unknown) => void;
  /** Aborted when the user stops the import: requests in flight are still awaited. */
  readonly stop: AbortSignal;
}

/** Requests in flight. tracestore puts those that wait into one transaction. */
const maxRequests = 16;
const maxBytes = 32 * 1024 * 1024;

interface Sending {
  isAnswered: boolean;
  readonly position: unknown;
}

/**
 * Reads a source and sends its requests, several at a time.
 *
 * @returns whether everything was read; false after `stop`
 * @throws what the source or the sender throws, after the requests in flight have ended
 */
export async function runImport({ source, sender, counter, position, onAnswered, stop }: ImportRun): Promise<boolean> {
  /** In the order of the source, without those at the beginning that have an answer. */
  const order: Sending[] = [];
  const inFlight = new Set<Promise<void>>();
  let bytesInFlight = 0;
  let failure: unknown;

  const isFull = (): boolean => inFlight.size >= maxRequests || bytesInFlight >= maxBytes;
  const noteAnswered = (): void => {
    let reached: unknown;
    while (order[0]?.isAnswered === true) reached = order.shift()?.position ?? reached;
    if (reached !== undefined) onAnswered(reached);
  };
  const send = async (request: OtlpRequest, sending: Sending): Promise<void> => {
    try {
      const answer = await sender.send(request);
      if (answer.is === 'refused') {
        counter.addRejected(request.spans, answer.message);
      } else {
        counter.addAnswered(request.spans - answer.rejectedSpans, answer.isRepeat);
        if (answer.rejectedSpans > 0) counter.addRejected(answer.rejectedSpans, answer.message);
      }
      sending.isAnswered = true;
      noteAnswered();
    } catch (error) {
      failure ??= error;
    }
  };

  try {
    for await (const { request, rejected, remark, position: after } of source.read(position)) {
      if (remark !== undefined) counter.addRemark(remark);
      if (rejected !== undefined) {
        counter.addRead(rejected.spans);
        counter.addRejected(rejected.spans, rejected.reason);
      }
      const sending: Sending = { isAnswered: request === undefined, position: after };
      order.push(sending);
      if (request === undefined) {
        noteAnswered();
      } else {
        counter.addRead(request.spans);
        const bytes = request.body.length;
        bytesInFlight += bytes;
        const task = send(request, sending).finally(() => {
          bytesInFlight -= bytes;
          inFlight.delete(task);
        });
        inFlight.add(task);
        while (isFull()) await Promise.race(inFlight);
      }
      if (failure !== undefined) throw failure;
      if (stop.aborted) break;
    }
  } finally {
    await Promise.all(inFlight);
  }
  if (failure !== undefined) throw failure;
  return !stop.aborted;
}
