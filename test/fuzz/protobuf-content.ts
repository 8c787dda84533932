/** Generates OTLP requests in protobuf, valid or with damaged fields or bytes, and the spans to be stored. */
import { decodeIndependently, expectedSpans, type SpanContent } from './expected-spans.ts';
import { hostileRequest } from './hostile-protobuf.ts';
import { otlpRequest, type RequestOrigin } from './otlp-model.ts';
import type { OtlpContent, SpanExpectations } from './requests.ts';
import { ExportTraceServiceRequestSchema } from './schemas.ts';
import { markOf, type SpanMark } from './compare-spans.ts';
import { isWellFormed } from './well-formed.ts';
import { mutateBytes, mutateFields } from './wire-mutations.ts';
import { encodeTree } from './wire-tree.ts';

/** How a request may be damaged. */
export type Damage = 'none' | 'any';

/** The maximum number of spans of a request whose ids may be changed. */
const maxChangedIds = 5;

/** The maximum nesting that a decoder must support. */
const maxDepth = 1_000;

/** Generates the bytes of a request and the expected outcome of its spans. */
export function protobufContent(origin: RequestOrigin, damage: Damage): OtlpContent {
  const { random } = origin;
  const kind = damage === 'none' ? 0 : random.below(1_000);
  if (damage === 'any' && kind >= 990) return hostileRequest(origin);
  const tree = otlpRequest(origin);
  const valid = encodeTree(tree);
  if (kind < 250) {
    return { title: 'valid', bytes: valid, expectations: () => expectationsOf(valid, valid) };
  }
  const done = [...mutateFields(random, tree, kind < 850 ? 1 + random.below(4) : random.below(2))];
  let bytes = encodeTree(tree);
  if (kind >= 800) {
    const changed = mutateBytes(random, bytes, 1 + random.below(3));
    bytes = changed.bytes;
    done.push(...changed.done);
  }
  return { title: done.join(', '), bytes, expectations: () => expectationsOf(valid, bytes) };
}

/** Returns the expected outcome of damaged bytes. Spans that did not change must be stored. */
export function expectationsOf(valid: Buffer, bytes: Buffer): SpanExpectations {
  const request = isWellFormed(ExportTraceServiceRequestSchema, bytes, maxDepth)
    ? decodeIndependently(bytes)
    : undefined;
  if (request === undefined) {
    // tracestore can still store spans if the damage is in a part that it skips. Their ids can differ.
    return {
      requiredSpans: [],
      possibleSpans: undefined,
      sentSpans: undefined,
      foreignSpans: maxChangedIds,
      isDecodable: false,
    };
  }
  const spans = expectedSpans(request);
  if (valid === bytes) {
    return {
      requiredSpans: marksOf(spans.filter(isRequired)),
      possibleSpans: marksOf(spans),
      sentSpans: spans.length,
      foreignSpans: 0,
      isDecodable: true,
    };
  }
  const before = expectedSpans(decodeIndependently(valid) ?? request).filter(isRequired);
  const unchanged = Map.groupBy(marksOf(before), markText);
  const possibleSpans = marksOf(spans);
  return {
    requiredSpans: possibleSpans.filter((mark) => unchanged.get(markText(mark))?.pop() !== undefined),
    possibleSpans,
    sentSpans: spans.length,
    // All spans are known, whatever their ids are.
    foreignSpans: 0,
    isDecodable: true,
  };
}

function isRequired(span: SpanContent | undefined): boolean {
  return span?.isRequired === true;
}

function marksOf(spans: readonly (SpanContent | undefined)[]): readonly SpanMark[] {
  return spans.filter((span) => span !== undefined).map(markOf);
}

function markText({ ids, digest }: SpanMark): string {
  return `${ids} ${digest}`;
}
