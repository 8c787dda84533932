/** OTLP requests in protobuf: valid ones, ones with wrong fields or bytes, and what they have to become. */
import { decodeIndependently, expectedSpans, type SpanContent } from './expected-spans.ts';
import { hostileRequest } from './hostile-protobuf.ts';
import { otlpRequest, type RequestOrigin } from './otlp-model.ts';
import type { OtlpContent, SpanExpectations } from './requests.ts';
import { ExportTraceServiceRequestSchema } from './schemas.ts';
import { markOf, type SpanMark } from './compare-spans.ts';
import { isWellFormed } from './well-formed.ts';
import { mutateBytes, mutateFields } from './wire-mutations.ts';
import { encodeTree } from './wire-tree.ts';

/** How much a request may be changed. */
export type Damage = 'none' | 'any';

/** Of so many spans of a request the ids may be changed. */
const maxChangedIds = 5;

/** As deep as a decoder may be asked to go. */
const maxDepth = 1_000;

/** The bytes of a request, and what its spans have to become. */
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

/** What the spans of the changed bytes have to become, of which those count that are as they were. */
export function expectationsOf(valid: Buffer, bytes: Buffer): SpanExpectations {
  const request = isWellFormed(ExportTraceServiceRequestSchema, bytes, maxDepth)
    ? decodeIndependently(bytes)
    : undefined;
  if (request === undefined) {
    // A part that no decoder looks into may be what is wrong: then spans are stored, some perhaps with changed ids.
    return { mustHave: [], mayHave: undefined, sentSpans: undefined, foreignSpans: maxChangedIds, isDecodable: false };
  }
  const spans = expectedSpans(request);
  if (valid === bytes) {
    return {
      mustHave: marksOf(spans.filter(hasToBeStored)),
      mayHave: marksOf(spans),
      sentSpans: spans.length,
      foreignSpans: 0,
      isDecodable: true,
    };
  }
  const before = expectedSpans(decodeIndependently(valid) ?? request).filter(hasToBeStored);
  const unchanged = Map.groupBy(marksOf(before), markText);
  const mayHave = marksOf(spans);
  return {
    mustHave: mayHave.filter((mark) => unchanged.get(markText(mark))?.pop() !== undefined),
    mayHave,
    sentSpans: spans.length,
    // All of them are known one by one, whatever their ids are.
    foreignSpans: 0,
    isDecodable: true,
  };
}

function hasToBeStored(span: SpanContent | undefined): boolean {
  return span?.hasToBeStored === true;
}

function marksOf(spans: readonly (SpanContent | undefined)[]): readonly SpanMark[] {
  return spans.filter((span) => span !== undefined).map(markOf);
}

function markText({ ids, digest }: SpanMark): string {
  return `${ids} ${digest}`;
}
