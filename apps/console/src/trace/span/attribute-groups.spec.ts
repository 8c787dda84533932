import { describe, expect, it } from 'vitest';
import { compareKeys, groupAttributes } from './attribute-groups.ts';

describe('compareKeys', () => {
  it('sorts numbers in keys by value', () => {
    const keys = ['group9.key9', 'group0.key12', 'group10.key0', 'group0.key2', 'a', 'group', 'item.007', 'item.7'];
    expect(keys.toSorted(compareKeys)).toEqual([
      'a',
      'group',
      'group0.key2',
      'group0.key12',
      'group9.key9',
      'group10.key0',
      'item.007',
      'item.7',
    ]);
  });
});

describe('groupAttributes', () => {
  const entries = [
    ['messaging.system', 'kafka'],
    ['messaging.kafka.offset', 5],
    ['__proto__', 1],
    ['url.full', 'http://shop'],
    ['messaging.operation.type', 'Receive'],
  ] as const;

  it('groups sorted keys by their first part, single keys first', () => {
    const groups = groupAttributes(entries, '', String);
    expect(groups.map(({ prefix, entries: own }) => [prefix, own.map(([key]) => key)])).toEqual([
      ['', ['__proto__', 'url.full']],
      ['messaging', ['messaging.kafka.offset', 'messaging.operation.type', 'messaging.system']],
    ]);
  });

  it('filters by keys and values, ignoring case', () => {
    const keysOf = (search: string) =>
      groupAttributes(entries, search, String).flatMap(({ entries: own }) => own.map(([key]) => key));
    expect(keysOf('receive')).toEqual(['messaging.operation.type']);
    expect(keysOf(' FULL ')).toEqual(['url.full']);
    expect(keysOf('nothing')).toEqual([]);
  });
});
