/** Types of generated requests, and the protocols that generate them. */
import type { SeededRandom } from '../../bench/corpus/random.ts';
import type { GrpcRequest } from './grpc-client.ts';
import type { HttpRequest } from './http-client.ts';
import type { RequestOrigin } from './otlp-model.ts';
import type { SpanMark } from './compare-spans.ts';

/** The ports of tracestore. */
export interface StorePorts {
  readonly http: number;
  readonly otlpHttp: number;
  readonly otlpGrpc: number;
  readonly jaegerGrpc: number;
}

/** The input of a generator. The same origin gives the same request. */
export interface FuzzOrigin extends RequestOrigin {
  readonly ports: StorePorts;
}

/** The expected outcome of the spans of a request. */
export interface SpanExpectations {
  /** Must be stored if the request is acknowledged. */
  readonly requiredSpans: readonly SpanMark[];
  /** May be stored; undefined if unknown. */
  readonly possibleSpans: readonly SpanMark[] | undefined;
  /** The number of spans in the request; undefined if unknown. */
  readonly sentSpans: number | undefined;
  /** The number of spans whose trace id may be of another request. */
  readonly foreignSpans: number;
  /** Whether the request can be decoded, so that only single spans may be rejected. */
  readonly isDecodable: boolean;
}

/** The decompressed content of a request with spans. */
export interface OtlpContent {
  readonly title: string;
  readonly bytes: Buffer;
  /** Slow, so it is computed for requests with a response only. */
  readonly expectations: () => SpanExpectations;
}

/** A request and its expected outcome. */
export interface FuzzRequest {
  /** A description for the report. */
  readonly title: string;
  readonly send: HttpRequest | GrpcRequest;
  /** Set if the request sends spans. */
  readonly content?: OtlpContent;
  readonly encoding?: 'protobuf' | 'json';
  /** Why the request must not succeed, as a phrase; undefined if it may. */
  readonly forbidden?: string;
  /** Whether it must get a response with a status of its protocol. */
  readonly needsResponse: boolean;
  /** Whether the response must have the headers of the console API. */
  readonly isConsoleApi?: boolean;
  /** Whether the request takes seconds to send. */
  readonly isSlow?: boolean;
}

/** A protocol of tracestore with its generator. */
export interface Protocol {
  readonly name: string;
  /** The relative frequency of its requests. */
  readonly weight: number;
  /** The maximum number of requests in flight, if tracestore would refuse more of them unread. */
  readonly maxInFlight?: number;
  readonly make: (origin: FuzzOrigin) => FuzzRequest;
}

/** Draws an item with a probability proportional to its weight. */
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
