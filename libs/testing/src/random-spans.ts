import type { BruteSpan } from './call-aggregates.ts';

/** Random numbers that are the same for the same seed. */
export class SeededChance {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * bound);
  }

  shuffle<Item>(items: readonly Item[]): Item[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other] as Item, shuffled[last] as Item];
    }
    return shuffled;
  }
}

/** Traces with valid spans and with defects: duplicate ids, cycles, missing parents. */
export function randomSpans(
  chance: SeededChance,
  { traces, startNs, rangeNs }: { readonly traces: number; readonly startNs: bigint; readonly rangeNs: bigint },
): BruteSpan[] {
  const spans: BruteSpan[] = [];
  for (let trace = 0; trace < traces; trace++) {
    const size = 1 + chance.below(25);
    const traceId = Array.from({ length: 32 }, () => chance.below(16).toString(16)).join('');
    const traceStart = startNs + (rangeNs * BigInt(chance.below(1_000_000))) / 1_000_000n;
    for (let nr = 0; nr < size; nr++) {
      const spanId = BigInt.asIntN(
        64,
        BigInt(chance.below(6) === 0 ? 1 + chance.below(size) : nr + 1) * 0x9e3779b97f4a7c15n,
      );
      const parentNr = chance.below(12) === 0 ? chance.below(size + 3) + 1 : Math.ceil(nr / 2);
      const isRoot = nr === 0 || chance.below(20) === 0;
      // Some start so long after their parent that the aggregation does not find it.
      const offsetNs =
        chance.below(40) === 0 ? BigInt(chance.below(10_000)) * 1_000_000_000n : BigInt(chance.below(90_000_000));
      const durationNs = [0, 1_000, 50_000_000, 60_000_000_000][chance.below(4)] ?? 0;
      const start = traceStart + offsetNs;
      spans.push({
        traceId,
        spanId,
        parentSpanId: isRoot ? undefined : BigInt.asIntN(64, BigInt(parentNr) * 0x9e3779b97f4a7c15n),
        startNs: start,
        endNs: start + BigInt(chance.below(durationNs + 1)) - (chance.below(15) === 0 ? 30_000_000n : 0n),
        operationId: BigInt.asIntN(64, BigInt(1 + chance.below(12)) * 0xc2b2ae3d27d4eb4fn),
        instance: chance.below(1_000_000),
        isError: chance.below(10) === 0,
      });
    }
  }
  return spans;
}
