import { describe, expect, it } from 'vitest';
import { KnownIds } from './known-ids.js';

describe('known ids', () => {
  it('leave the rows that are not known, sorted by id', () => {
    const known = new KnownIds(10);
    known.add([2n]);
    expect(
      known.unknownOf(
        new Map([
          [3n, 'c'],
          [2n, 'b'],
          [-1n, 'a'],
        ]),
      ),
    ).toEqual(['a', 'c']);
  });

  it('forget what was used longest ago when there are too many', () => {
    const known = new KnownIds(2);
    known.add([1n, 2n]);
    known.add([1n]);
    known.add([3n]);
    expect(
      known.unknownOf(
        new Map([
          [1n, 1],
          [2n, 2],
          [3n, 3],
        ]),
      ),
    ).toEqual([2]);
  });

  it('forget all of it when told to', () => {
    const known = new KnownIds(2);
    known.add([1n]);
    known.clear();
    expect(known.unknownOf(new Map([[1n, 1]]))).toEqual([1]);
  });
});
