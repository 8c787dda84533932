import type { CorpusShape } from '../corpus/corpus.ts';
import type { Extra } from './ingest-path.ts';
import type { RowCounts } from './stored.ts';

/*
 * A contestant is a process that runs one variant. So it can be pinned to a core, shares no heap, and stays warm between
 * rounds. The benchmark sends it orders over an IPC channel. Plans, orders and reports keep their names, so that
 * `--before` can start the contestant of an older checkout.
 */

/** The variant that a contestant runs. */
export type Way =
  | { readonly name: 'ceiling' }
  | { readonly name: 'bytes'; readonly without: readonly Extra[] }
  | { readonly name: 'http' | 'grpc'; readonly port: number };

/** The first argument of a contestant, as JSON. */
export interface ContestantPlan {
  readonly way: Way;
  readonly databaseUrl: string;
  readonly connections: number;
  readonly requestsInFlight: number;
  readonly corpus: {
    readonly shape: CorpusShape;
    readonly spans: number;
    readonly spansPerRequest: number;
    /** When the first trace starts, in ns since 1970, in decimal. */
    readonly startTimeUnixNano: string;
    /** By the times in the spans, no matter how fast they are sent. */
    readonly spansPerSecond: number;
  };
}

export type Order =
  /** For the ceiling: read the rows in the tables, which `run` writes. */
  | { readonly order: 'capture' }
  /** Send the whole corpus once. */
  | { readonly order: 'run' }
  /** Send it repeatedly. */
  | { readonly order: 'soak'; readonly seconds: number }
  | { readonly order: 'leave' };

/** The response to each order. A contestant also sends one when it is ready. */
export interface Report {
  /** Rows of the corpus by table, counted in its protobuf. */
  readonly rows: RowCounts;
  readonly wallMs: number;
  /** CPU time of the contestant itself. */
  readonly cpuMs: number;
  readonly spans: number;
  readonly requests: number;
  /** Requests that were refused and sent again. */
  readonly refused: number;
}
