import { expect, it } from 'vitest';

const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.spec.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

it('numbers have one style, whatever the language of the browser: 1,234 spans beside 1.23 s', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(100);
  const otherStyle = /toLocaleString\((?!'en')|toLocaleDate|toLocaleTime|Format\(\)\.format/;
  const other = Object.entries(sources).filter(([, source]) => otherStyle.test(source));
  expect(other.map(([file]) => file)).toEqual([]);
});
