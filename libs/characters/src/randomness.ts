/** Where chance comes from: a provider, so that a test can decide what happens. */
export abstract class Randomness {
  /** A number from 0 up to, but not including, 1; every one is as likely. */
  abstract uniform(): number;

  /** A number of the normal distribution, in the unit of its arguments; it can be negative. */
  normal(mean: number, deviation: number): number {
    // Box and Muller's transform; 1 − u is never 0, whose logarithm is infinite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A whole number, from `minimum` to `maximum` inclusive. */
  integer(minimum: number, maximum: number): number {
    return minimum + Math.floor(this.uniform() * (maximum - minimum + 1));
  }

  /** Yields true with the given probability: never for 0, always for 1. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** One UTF-16 unit of a text that is not empty. */
  choose(alphabet: string): string {
    return alphabet.charAt(this.integer(0, alphabet.length - 1));
  }

  /** The same items in a new array and another order; every order is as likely. */
  shuffle<Item extends NonNullable<unknown>>(items: readonly Item[]): Item[] {
    const shuffled: Item[] = [];
    for (const item of items) {
      const place = this.integer(0, shuffled.length);
      const displaced = shuffled[place];
      if (displaced !== undefined) shuffled.push(displaced);
      shuffled[place] = item;
    }
    return shuffled;
  }
}

/** Fast and good enough for a simulation, which keeps no secrets: its passwords are no passwords. */
export class SystemRandomness extends Randomness {
  override uniform(): number {
    return Math.random();
  }
}
