/** What a protocol's generator makes. */
import type { SeededRandom } from '../../bench/corpus/random.ts';
import type { GrpcRequest } from './grpc-client.ts';
import type { HttpRequest } from './http-client.ts';
import type { RequestOrigin } from './otlp-model.ts';
import type { SpanMark } from './compare-spans.ts';

/** Where tracestore listens. */
export interface StorePorts {
  readonly http: number;
  readonly otlpHttp: number;
  readonly otlpGrpc: number;
  readonly jaegerGrpc: number;
}

/** All that a request is made of: the same origin makes the same request. */
export interface FuzzOrigin extends RequestOrigin {
  readonly ports: StorePorts;
}

/** What the spans of a request have to become. */
export interface SpanExpectations {
  /** Have to be stored once the request is acknowledged. */
  readonly mustHave: readonly SpanMark[];
  /** May be stored; undefined where that is not known. */
  readonly mayHave: readonly SpanMark[] | undefined;
  /** Spans in the request; undefined where that is not known. */
  readonly sentSpans: number | undefined;
  /** Spans whose trace id need not be of this request. */
  readonly foreignSpans: number;
  /** Whether the request can be decoded, so that at most single spans of it may be refused. */
  readonly isDecodable: boolean;
}

/** The spans of a request, as they come out of decompression. */
export interface OtlpContent {
  readonly title: string;
  readonly bytes: Buffer;
  /** Takes its time: asked for requests that are answered alone. */
  readonly expectations: () => SpanExpectations;
}

/** A request, and what is known of what it has to lead to. */
export interface FuzzRequest {
  /** What it is, for a person. */
  readonly title: string;
  readonly send: HttpRequest | GrpcRequest;
  /** Of a request that sends spans. */
  readonly content?: OtlpContent;
  readonly encoding?: 'protobuf' | 'json';
  /** Why it may not be answered with data, if it may not. */
  readonly mustBeRefused?: string;
  /** Whether it is so ordinary that it has to be answered, and by a status of its protocol. */
  readonly mustBeAnswered: boolean;
  /** Of the console's own API, whose answers have the headers of its own. */
  readonly isConsoleApi?: boolean;
  /** Whether the request lasts for seconds by itself. */
  readonly isSlow?: boolean;
}

/** A way into tracestore. */
export interface Protocol {
  readonly name: string;
  /** How often its requests come, relative to the others'. */
  readonly weight: number;
  /** Requests that are under way at most, where tracestore would refuse most of more unread. */
  readonly maxInFlight?: number;
  readonly make: (origin: FuzzOrigin) => FuzzRequest;
}

/** One of some makers, by their weights. */
export function pickWeighted<Item extends { readonly weight: number }>(
  random: SeededRandom,
  items: readonly Item[],
): Item {
  let roll = random.below(items.reduce((sum, { weight }) => sum + weight, 0));
  for (const item of items) {
    roll -= item.weight;
    if (roll < 0) return item;
  }
  throw new RangeError('nothing to pick from');
}
