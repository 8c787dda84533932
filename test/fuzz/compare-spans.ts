/** Compares what is stored with what was sent and answered. */
import { indexOfTraceId } from './otlp-model.ts';

/** A span as it is stored. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Of everything but the ids. */
  readonly digest: string;
}

/** A span by which it is found again: its ids, and a digest of the rest. */
export interface SpanMark {
  readonly ids: string;
  readonly digest: string;
}

/** What a request should have left behind. */
export interface Expectation {
  readonly index: number;
  /** `unknown` where no answer came, or one after which the sender tries again: then anything of it may be stored. */
  readonly answer: 'acknowledged' | 'refused' | 'unknown';
  /** Spans that have to be stored once the request is acknowledged. */
  readonly mustHave: readonly SpanMark[];
  /** All spans of the request that may be stored; undefined where that is not known. */
  readonly mayHave: readonly SpanMark[] | undefined;
  /** Spans in the request; undefined where that is not known. */
  readonly sentSpans: number | undefined;
  /** Spans whose trace id need not be of this request. */
  readonly foreignSpans: number;
  readonly rejectedSpans: number;
  /** Why spans were rejected, as the answer says it. */
  readonly rejection: string;
}

/** More spans than these do not become those of another request by a change of bytes. */
const maxStraySpans = 10;

/** A promise that was not kept. */
export interface Discrepancy {
  readonly index: number | undefined;
  readonly kind:
    | 'lost'
    | 'rejected although nothing is wrong with it'
    | 'wrong'
    | 'stored twice'
    | 'stored although refused'
    | 'stored, but never sent'
    | 'wrong count of rejected spans';
  readonly detail: string;
}

export function markOf({ traceId, spanId, digest }: StoredSpan): SpanMark {
  return { ids: traceId + spanId, digest };
}

/**
 * @param senderOf finds the request that contains the ids of a span, other than the one that its trace id names; it takes
 *   long, and is asked only about a span that the named request should not have left
 * @returns whatever differs between what was answered and what is stored
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
    for (const { ids } of expectation.mayHave ?? []) {
      const known = owners.get(ids);
      if (known === undefined) owners.set(ids, [expectation]);
      else if (known.at(-1) !== expectation) known.push(expectation);
    }
  }
  const storedOf = new Map<Expectation, StoredSpan[]>();
  const give = (owner: Expectation, span: StoredSpan): void => {
    const its = storedOf.get(owner);
    if (its === undefined) storedOf.set(owner, [span]);
    else its.push(span);
  };
  const foreign: StoredSpan[] = [];
  for (const span of stored) {
    const { ids, digest } = markOf(span);
    const candidates = owners.get(ids) ?? [];
    const index = indexOfTraceId(seed, span.traceId);
    const named = index === undefined ? undefined : byIndex.get(index);
    const owner =
      candidates.find(({ mayHave }) => mayHave?.some((mark) => mark.ids === ids && mark.digest === digest)) ??
      candidates[0] ??
      // Where all spans of a request are known, one with other ids is not its own, whatever its trace id says.
      (named?.mayHave === undefined ? named : undefined);
    if (owner === undefined) {
      // A request whose spans are not followed, as it is odd in other ways, leaves spans with its own index.
      if (index === undefined || named !== undefined) foreign.push(span);
      continue;
    }
    give(owner, span);
  }
  // A change of bytes can make the trace id of one request that of another.
  for (const [owner, its] of [...storedOf].filter(([expectation, spans]) => hasTooMany(expectation, spans))) {
    const own = its.filter((span) => {
      const sender = byIndex.get(senderOf(span, owner.index) ?? owner.index);
      if (sender === undefined || sender === owner || sender.answer === 'refused') return true;
      give(sender, span);
      return false;
    });
    storedOf.set(owner, own);
  }
  // Spans with damaged ids can be anybody's whose damaged spans are not known one by one.
  const mayBeForeign = expectations.reduce((sum, { foreignSpans }) => sum + foreignSpans, 0);
  if (foreign.length > mayBeForeign) {
    const [first] = foreign;
    found.push({
      index: undefined,
      kind: 'stored, but never sent',
      detail: `${foreign.length} spans, of which ${mayBeForeign} could be; trace ${first?.traceId}`,
    });
  }
  for (const expectation of expectations) {
    const { index, answer, mustHave, mayHave, sentSpans, foreignSpans, rejectedSpans, rejection } = expectation;
    const its = storedOf.get(expectation) ?? [];
    if (answer === 'refused' && its.length > 0) {
      found.push({ index, kind: 'stored although refused', detail: `${its.length} spans` });
    }
    const left = Map.groupBy(its.map(markOf), markText);
    const takeOne = (mark: SpanMark): boolean => left.get(markText(mark))?.pop() !== undefined;
    const missing = (answer === 'acknowledged' ? mustHave : []).filter((mark) => !takeOne(mark));
    const must = new Set(answer === 'acknowledged' ? mustHave.map(markText) : []);
    const may = mayHave === undefined ? undefined : Map.groupBy(mayHave, markText);
    for (const mark of answer === 'acknowledged' ? mustHave : []) may?.get(markText(mark))?.pop();
    const rest = [...left.values()].flat();
    const isUnexpected = (mark: SpanMark): boolean => may !== undefined && may.get(markText(mark))?.pop() === undefined;
    const unexpected = rest.filter(isUnexpected);
    for (const mark of unexpected) {
      const isTwice = must.has(markText(mark)) || (mayHave ?? []).some((other) => markText(other) === markText(mark));
      if (isTwice) found.push({ index, kind: 'stored twice', detail: mark.ids });
      else if (!missing.some(({ ids }) => ids === mark.ids)) found.push({ index, kind: 'wrong', detail: mark.ids });
    }
    for (const [nr, { ids }] of missing.entries()) {
      const isThere = its.some((span) => markOf(span).ids === ids);
      const kind = isThere ? 'wrong' : nr < rejectedSpans ? 'rejected although nothing is wrong with it' : 'lost';
      found.push({ index, kind, detail: `${ids} ${rejection}` });
    }
    const accepted = (sentSpans ?? 0) - rejectedSpans;
    if (
      answer === 'acknowledged' &&
      sentSpans !== undefined &&
      (its.length > accepted || its.length + foreignSpans < accepted)
    ) {
      found.push({
        index,
        kind: 'wrong count of rejected spans',
        detail: `${sentSpans} sent, ${rejectedSpans} said to be rejected, ${its.length} stored; ${rejection}`,
      });
    }
  }
  return found;
}

/** Whether a few spans too many are stored of a request. */
function hasTooMany({ answer, sentSpans, rejectedSpans }: Expectation, its: readonly StoredSpan[]): boolean {
  if (answer === 'unknown') return false;
  const tooMany = its.length - (answer === 'refused' ? 0 : (sentSpans ?? Infinity) - rejectedSpans);
  return tooMany > 0 && tooMany <= maxStraySpans;
}

function markText({ ids, digest }: SpanMark): string {
  return `${ids} ${digest}`;
}
