import { expect, it } from 'vitest';
import * as lists from './trace-keys.ts';

const { keySections, ...shortcuts } = lists;

it('the sheet of keys has all shortcuts of the page of a trace', () => {
  const shown = keySections.flatMap(([, ...each]) => each);
  expect(shown).toEqual(expect.arrayContaining(Object.values(shortcuts)));
  expect(shown).toHaveLength(Object.values(shortcuts).length);
});

it('a key has one effect in a part of the page of a trace', () => {
  for (const [title, ...each] of keySections) {
    const keys = each.flatMap((list) => Object.values(list).flatMap((shortcut) => shortcut.keys));
    expect([title, new Set(keys).size]).toEqual([title, keys.length]);
  }
});

it('the page of a trace handles keys only by the shortcuts that its sheet shows', () => {
  const sources = import.meta.glob<string>(
    ['./**/*.{ts,tsx}', '../compare/*.{ts,tsx}', '../search/result-steps.tsx', '!./**/*.spec.ts'],
    { query: '?raw', import: 'default', eager: true },
  );
  expect(Object.keys(sources)).toContain('./waterfall-rows.tsx');
  const compares =
    /\bevent\.(?:key|code|keyCode)\s*[!=]==\s*['"]|\w\[event\.key\]|\bkey\s*[!=]==\s*'(?:Arrow|Enter|Escape|Home)/;
  const own = Object.entries(sources).filter(([, source]) => compares.test(source));
  expect(own.map(([file]) => file)).toEqual([]);
});
