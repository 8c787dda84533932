import { Clock, type FaultFlag, FaultSwitches, Randomness } from '@spandrel/characters';

/** A clock that stays at a minute of an hour, and records sleeps instead of sleeping. */
export class FixedClock extends Clock {
  /** The durations of all sleeps above 0, in order. */
  readonly sleptMs: number[] = [];

  constructor(private readonly minute = 1) {
    super();
  }

  override now(): Date {
    return new Date(2026, 0, 1, 12, this.minute);
  }

  override sleep(durationMs: number): Promise<void> {
    if (durationMs > 0) this.sleptMs.push(durationMs);
    return Promise.resolve();
  }
}

interface Decisions {
  /** The character that is chosen from every alphabet, which must contain it. */
  readonly character?: string;
  /** Whether everything with a probability above 0 happens. */
  readonly unlucky?: boolean;
  /** The integers that are drawn, in order. */
  readonly integers?: readonly number[];
}

/** Randomness as the test decides it. Normal distributions return their mean, shuffles reverse. */
export class FixedRandomness extends Randomness {
  /** The random decisions, in order: `N(mean, deviation)`, `P(probability)` or `I(minimum, maximum)`. */
  readonly draws: string[] = [];
  private readonly integers: number[];

  constructor(private readonly decisions: Decisions) {
    super();
    this.integers = [...(decisions.integers ?? [])];
  }

  override uniform(): number {
    throw new Error('a test must decide every number that it depends on');
  }

  override normal(mean: number, deviation: number): number {
    this.draws.push(`N(${Number(mean.toFixed(3))}, ${deviation})`);
    return mean;
  }

  override integer(minimum: number, maximum: number): number {
    this.draws.push(`I(${minimum}, ${maximum})`);
    const integer = this.integers.shift();
    if (integer === undefined || integer < minimum || integer > maximum) {
      throw new Error(`${integer} is not an integer from ${minimum} to ${maximum}`);
    }
    return integer;
  }

  override chance(probability: number): boolean {
    this.draws.push(`P(${probability})`);
    return this.decisions.unlucky === true && probability > 0;
  }

  override choose(alphabet: string): string {
    const { character } = this.decisions;
    if (character === undefined || !alphabet.includes(character)) {
      throw new Error(`${character} is not in ${alphabet}`);
    }
    return character;
  }

  override shuffle<Item extends NonNullable<unknown>>(items: readonly Item[]): Item[] {
    return items.toReversed();
  }
}

/** Switches that are on, except the given ones. */
export class FixedSwitches extends FaultSwitches {
  private readonly off: ReadonlySet<FaultFlag>;

  constructor(...off: readonly FaultFlag[]) {
    super();
    this.off = new Set(off);
  }

  override isOn(flag: FaultFlag): boolean {
    return !this.off.has(flag);
  }
}
