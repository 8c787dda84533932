/** The source of randomness. It is a provider, so that a test can replace it. */
export abstract class Randomness {
  /** A uniformly distributed number from 0 up to, but not including, 1. */
  abstract uniform(): number;

  /** A normally distributed number in the unit of the arguments; it may be negative. */
  normal(mean: number, deviation: number): number {
    // Box and Muller's transform. 1 − u is never 0, so its logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A uniformly distributed integer from `minimum` to `maximum`, both included. */
  integer(minimum: number, maximum: number): number {
    return minimum + Math.floor(this.uniform() * (maximum - minimum + 1));
  }

  /** Returns true with a probability from 0 to 1. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** A random UTF-16 code unit of a non-empty text. */
  choose(alphabet: string): string {
    return alphabet.charAt(this.integer(0, alphabet.length - 1));
  }

  /** A copy of the items in a random order; all orders are equally likely. */
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

/** Fast, and not cryptographically secure: the passwords are part of a simulation. */
export class SystemRandomness extends Randomness {
  override uniform(): number {
    return Math.random();
  }
}
