import { describe, expect, it } from 'vitest';
import { Randomness } from './randomness.js';

/** A generator with a seed (Lehmer's MINSTD), so that a statistical test is deterministic. */
class SeededRandomness extends Randomness {
  private state = 20_260_101;

  override uniform(): number {
    this.state = (this.state * 48_271) % 2_147_483_647;
    return this.state / 2_147_483_647;
  }
}

class ConstantRandomness extends Randomness {
  constructor(private readonly constant: number) {
    super();
  }

  override uniform(): number {
    return this.constant;
  }
}

const justBelowOne = 1 - Number.EPSILON / 2;
const draw = <Drawn>(count: number, one: () => Drawn) => Array.from({ length: count }, one);
const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

describe('Randomness', () => {
  it('draws normal numbers with the requested mean, deviation and tails', () => {
    const randomness = new SeededRandomness();
    const numbers = draw(100_000, () => randomness.normal(5, 0.5));
    const average = mean(numbers);
    expect(average).toBeCloseTo(5, 2);
    expect(Math.sqrt(mean(numbers.map((number) => (number - average) ** 2)))).toBeCloseTo(0.5, 2);
    expect(mean(numbers.map((number) => (Math.abs(number - 5) < 0.5 ? 1 : 0)))).toBeCloseTo(0.683, 2);
    expect(mean(numbers.map((number) => (Math.abs(number - 5) < 1 ? 1 : 0)))).toBeCloseTo(0.954, 2);
  });

  it.each([0, justBelowOne])('draws a finite normal number even at %d', (constant) => {
    expect(new ConstantRandomness(constant).normal(5, 0.5)).toSatisfy(Number.isFinite);
  });

  it('draws every integer of its range, both ends included, and no other', () => {
    const randomness = new SeededRandomness();
    const numbers = draw(4_000, () => randomness.integer(0, 3));
    for (const integer of [0, 1, 2, 3]) {
      expect(mean(numbers.map((number) => (number === integer ? 1 : 0)))).toBeCloseTo(0.25, 1);
    }
    expect(new Set(numbers).size).toBe(4);
    expect(new ConstantRandomness(0).integer(8, 25)).toBe(8);
    expect(new ConstantRandomness(justBelowOne).integer(8, 25)).toBe(25);
  });

  it('returns true with the requested probability', () => {
    const randomness = new SeededRandomness();
    expect(mean(draw(50_000, () => (randomness.chance(0.05) ? 1 : 0)))).toBeCloseTo(0.05, 2);
    expect(new ConstantRandomness(0).chance(0)).toBe(false);
    expect(new ConstantRandomness(justBelowOne).chance(1)).toBe(true);
  });

  it('chooses every character of an alphabet', () => {
    const randomness = new SeededRandomness();
    expect([...new Set(draw(500, () => randomness.choose('abcdef')))].toSorted().join('')).toBe('abcdef');
  });

  it('shuffles into every order and does not change its input', () => {
    const randomness = new SeededRandomness();
    const input = ['a', 'b', 'c'] as const;
    const orders = draw(6_000, () => randomness.shuffle(input).join(''));
    for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
      expect(mean(orders.map((drawn) => (drawn === order ? 1 : 0)))).toBeCloseTo(1 / 6, 1);
    }
    expect(new Set(orders).size).toBe(6);
    expect(input).toEqual(['a', 'b', 'c']);
  });
});
