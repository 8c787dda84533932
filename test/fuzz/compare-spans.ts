/** Compares the stored spans with the requests and their responses. */
import { indexOfTraceId } from './otlp-model.ts';

/** A stored span. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** A digest of all fields except the ids. */
  readonly digest: string;
}

/** Identifies a span: its ids and the digest of the other fields. */
export interface SpanMark {
  readonly ids: string;
  readonly digest: string;
}

/** The spans that a request should have stored. */
export interface Expectation {
  readonly index: number;
  /** `unknown` without a response or with a retryable one: then any of its spans may be stored. */
  readonly outcome: 'acknowledged' | 'refused' | 'unknown';
  /** Spans that must be stored if the request was acknowledged. */
  readonly requiredSpans: readonly SpanMark[];
  /** All spans that the request may store; undefined if unknown. */
  readonly possibleSpans: readonly SpanMark[] | undefined;
  /** The number of spans in the request; undefined if unknown. */
  readonly sentSpans: number | undefined;
  /** The number of spans whose trace id may be of another request. */
  readonly foreignSpans: number;
  readonly rejectedSpans: number;
  /** The reason for rejected spans in the response. */
  readonly rejection: string;
}

/** A change of bytes moves at most this many spans to another request. */
const maxStraySpans = 10;

/** A difference between responses and stored spans. */
export interface Discrepancy {
  readonly index: number | undefined;
  readonly kind:
    | 'lost'
    | 'valid but rejected'
    | 'wrong'
    | 'stored twice'
    | 'stored but refused'
    | 'stored but never sent'
    | 'wrong count of rejected spans';
  readonly detail: string;
}

export function markOf({ traceId, spanId, digest }: StoredSpan): SpanMark {
  return { ids: traceId + spanId, digest };
}

/**
 * @param senderOf finds the request that contains the ids of a span, other than the request in its trace id. It is slow,
 *   and is called only for unexpected spans
 * @returns the differences between the responses and the stored spans
 */
export function compare(
  seed: number,
  expectations: readonly Expectation[],
  stored: readonly StoredSpan[],
  senderOf: (span: StoredSpan, named: number) => number | undefined = () => undefined,
): readonly Discrepancy[] {
  const found: Discrepancy[] = [];
  const byIndex = new Map(expectations.map((expectation) => [expectation.index, expectation]));
  const owners = new Map<string, Expectation[]>();
  for (const expectation of expectations) {
    for (const { ids } of expectation.possibleSpans ?? []) {
      const known = owners.get(ids);
      if (known === undefined) owners.set(ids, [expectation]);
      else if (known.at(-1) !== expectation) known.push(expectation);
    }
  }
  const storedOf = new Map<Expectation, StoredSpan[]>();
  const assign = (owner: Expectation, span: StoredSpan): void => {
    const ownSpans = storedOf.get(owner);
    if (ownSpans === undefined) storedOf.set(owner, [span]);
    else ownSpans.push(span);
  };
  const foreign: StoredSpan[] = [];
  for (const span of stored) {
    const { ids, digest } = markOf(span);
    const candidates = owners.get(ids) ?? [];
    const index = indexOfTraceId(seed, span.traceId);
    const named = index === undefined ? undefined : byIndex.get(index);
    const owner =
      candidates.find(({ possibleSpans }) =>
        possibleSpans?.some((mark) => mark.ids === ids && mark.digest === digest),
      ) ??
      candidates[0] ??
      // If all spans of a request are known, a span with other ids is not its own, despite its trace id.
      (named?.possibleSpans === undefined ? named : undefined);
    if (owner === undefined) {
      // The spans of a request without expectations have its index and are not compared.
      if (index === undefined || named !== undefined) foreign.push(span);
      continue;
    }
    assign(owner, span);
  }
  // A change of bytes can turn the trace id of one request into that of another.
  for (const [owner, ownSpans] of [...storedOf].filter(([expectation, spans]) => hasTooMany(expectation, spans))) {
    const own = ownSpans.filter((span) => {
      const sender = byIndex.get(senderOf(span, owner.index) ?? owner.index);
      if (sender === undefined || sender === owner || sender.outcome === 'refused') return true;
      assign(sender, span);
      return false;
    });
    storedOf.set(owner, own);
  }
  // Spans with damaged ids may be of any request whose damaged spans are not all known.
  const maxForeignSpans = expectations.reduce((sum, { foreignSpans }) => sum + foreignSpans, 0);
  if (foreign.length > maxForeignSpans) {
    const [first] = foreign;
    found.push({
      index: undefined,
      kind: 'stored but never sent',
      detail: `${foreign.length} spans, at most ${maxForeignSpans} expected; trace ${first?.traceId}`,
    });
  }
  for (const expectation of expectations) {
    const { index, outcome, requiredSpans, possibleSpans, sentSpans, foreignSpans, rejectedSpans, rejection } =
      expectation;
    const ownSpans = storedOf.get(expectation) ?? [];
    if (outcome === 'refused' && ownSpans.length > 0) {
      found.push({ index, kind: 'stored but refused', detail: `${ownSpans.length} spans` });
    }
    const left = Map.groupBy(ownSpans.map(markOf), markText);
    const takeOne = (mark: SpanMark): boolean => left.get(markText(mark))?.pop() !== undefined;
    const missing = (outcome === 'acknowledged' ? requiredSpans : []).filter((mark) => !takeOne(mark));
    const must = new Set(outcome === 'acknowledged' ? requiredSpans.map(markText) : []);
    const may = possibleSpans === undefined ? undefined : Map.groupBy(possibleSpans, markText);
    for (const mark of outcome === 'acknowledged' ? requiredSpans : []) may?.get(markText(mark))?.pop();
    const rest = [...left.values()].flat();
    const isUnexpected = (mark: SpanMark): boolean => may !== undefined && may.get(markText(mark))?.pop() === undefined;
    const unexpected = rest.filter(isUnexpected);
    for (const mark of unexpected) {
      const isTwice =
        must.has(markText(mark)) || (possibleSpans ?? []).some((other) => markText(other) === markText(mark));
      if (isTwice) found.push({ index, kind: 'stored twice', detail: mark.ids });
      else if (!missing.some(({ ids }) => ids === mark.ids)) found.push({ index, kind: 'wrong', detail: mark.ids });
    }
    for (const [nr, { ids }] of missing.entries()) {
      const isThere = ownSpans.some((span) => markOf(span).ids === ids);
      const kind = isThere ? 'wrong' : nr < rejectedSpans ? 'valid but rejected' : 'lost';
      found.push({ index, kind, detail: `${ids} ${rejection}` });
    }
    const accepted = (sentSpans ?? 0) - rejectedSpans;
    if (
      outcome === 'acknowledged' &&
      sentSpans !== undefined &&
      (ownSpans.length > accepted || ownSpans.length + foreignSpans < accepted)
    ) {
      found.push({
        index,
        kind: 'wrong count of rejected spans',
        detail: `${sentSpans} sent, ${rejectedSpans} reported as rejected, ${ownSpans.length} stored; ${rejection}`,
      });
    }
  }
  return found;
}

/** Whether slightly more spans of a request are stored than expected. */
function hasTooMany({ outcome, sentSpans, rejectedSpans }: Expectation, ownSpans: readonly StoredSpan[]): boolean {
  if (outcome === 'unknown') return false;
  const tooMany = ownSpans.length - (outcome === 'refused' ? 0 : (sentSpans ?? Infinity) - rejectedSpans);
  return tooMany > 0 && tooMany <= maxStraySpans;
}

function markText({ ids, digest }: SpanMark): string {
  return `${ids} ${digest}`;
}
