/** The random numbers of the services. A provider, so that a test can replace it. */
export abstract class Randomness {
  /** Draws a number from 0 (inclusive) to 1 (exclusive), uniformly distributed. */
  abstract uniform(): number;

  /** Draws from a normal distribution, in the unit of the arguments. The result can be negative. */
  normal(mean: number, deviation: number): number {
    // Box-Muller transform; 1 − u is never 0, so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Draws an integer from `minimum` to `maximum`, both inclusive. */
  integer(minimum: number, maximum: number): number {
    return minimum + Math.floor(this.uniform() * (maximum - minimum + 1));
  }

  /** Returns true with the given probability: never for 0, always for 1. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Draws a UTF-16 unit of a text, which must not be empty. */
  choose(alphabet: string): string {
    return alphabet.charAt(this.integer(0, alphabet.length - 1));
  }

  /** Returns the items in a new array in random order; every order is equally likely. */
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

/** Fast, not cryptographically secure: the passwords of the simulation protect nothing. */
export class SystemRandomness extends Randomness {
  override uniform(): number {
    return Math.random();
  }
}
