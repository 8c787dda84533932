import type { CorpusShape } from '../corpus/corpus.ts';
import type { Extra } from './ingest-path.ts';
import type { RowCounts } from './stored.ts';

/*
 * A contestant is a process of its own, so that it can be pinned to a core, has no one else's garbage, and is as warm
 * in each round as in the one before. The benchmark tells it what to do over the channel that `fork` opens.
 */

/** What a contestant does when it is told to run. */
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
    /** By the times in the spans, however fast they are sent. */
    readonly spansPerSecond: number;
  };
}

export type Order =
  /** To the ceiling: what is in the tables now is what it will write. */
  | { readonly order: 'capture' }
  /** Sends the whole corpus once. */
  | { readonly order: 'run' }
  /** Sends it over and over. */
  | { readonly order: 'soak'; readonly seconds: number }
  | { readonly order: 'leave' };

/** What comes back for each order, and once when the contestant is ready for its first. */
export interface Report {
  /** Rows that the corpus has by table, counted in its protobuf. */
  readonly rows: RowCounts;
  readonly wallMs: number;
  /** CPU time of the contestant itself. */
  readonly cpuMs: number;
  readonly spans: number;
  readonly requests: number;
  /** How many requests were refused for the moment and sent again. */
  readonly refused: number;
}
