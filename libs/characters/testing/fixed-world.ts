import { Clock, type FaultFlag, FaultSwitches, Randomness } from '@spandrel/characters';

/** A clock that stands still at a minute of an hour, and writes down the sleeps instead of sleeping. */
export class FixedClock extends Clock {
  /** The milliseconds of every sleep that lasted, in order. */
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
  /** What is chosen from every alphabet, which must hold it. */
  readonly character?: string;
  /** Whether everything happens that has any chance to. */
  readonly unlucky?: boolean;
  /** The whole numbers that are drawn, in order. */
  readonly integers?: readonly number[];
}

/** Chance as the test decides it; normal distributions give their mean, shuffles reverse. */
export class FixedRandomness extends Randomness {
  /** What was left to chance, in order: `N(mean, deviation)`, `P(probability)` or `I(minimum, maximum)`. */
  readonly draws: string[] = [];
  private readonly integers: number[];

  constructor(private readonly decisions: Decisions) {
    super();
    this.integers = [...(decisions.integers ?? [])];
  }

  override uniform(): number {
    throw new Error('no test should depend on a number that it has not decided');
  }

  override normal(mean: number, deviation: number): number {
    this.draws.push(`N(${Number(mean.toFixed(3))}, ${deviation})`);
    return mean;
  }

  override integer(minimum: number, maximum: number): number {
    this.draws.push(`I(${minimum}, ${maximum})`);
    const integer = this.integers.shift();
    if (integer === undefined || integer < minimum || integer > maximum) {
      throw new Error(`${integer} was drawn where ${minimum} to ${maximum} were possible`);
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

/** Switches of which all are on but some. */
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
