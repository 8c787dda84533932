import { expect, it } from 'vitest';
import { csvOf, jsonRowsOf, tabbedOf } from './result-file.ts';

const result = {
  columns: [
    { name: 'a', type: 'text' },
    { name: 'a', type: 'bigint' },
    { name: 'b, "c"', type: 'jsonb' },
  ],
  rows: [
    ['', 2n ** 60n, { 'x"': [1, 'é\n'] }],
    [null, 1, null],
    ['\u{1F600}\ttab', 0, '=1+1'],
  ],
  isTruncated: false,
  durationMs: 1,
  foldedTimes: [],
  hints: [],
};

it('csvOf writes rows as CSV', () => {
  expect(csvOf(result)).toBe(
    'a,a,"b, ""c"""\r\n' +
      '"",1152921504606846976,"{""x\\"""":[1,""é\\n""]}"\r\n' +
      ',1,\r\n' +
      '\u{1F600}\ttab,0,=1+1\r\n',
  );
});

it('jsonRowsOf writes rows as JSON and keeps columns with equal names', () => {
  const text = jsonRowsOf(result);
  expect(text).toContain('"a_2":1152921504606846976');
  expect(JSON.parse(text)).toHaveLength(3);
  expect(Object.keys((JSON.parse(text) as object[])[0] ?? {})).toEqual(['a', 'a_2', 'b, "c"']);
});

it('tabbedOf writes one line per row, without tabs or line breaks in values', () => {
  expect(tabbedOf(result).split('\n')).toHaveLength(4);
  expect(tabbedOf(result).split('\n').at(-1)).toBe('\u{1F600} tab\t0\t=1+1');
});
