import { expect, it } from 'vitest';
import { chosenColumnsOf } from './use-columns.ts';

it.each([null, '', 'null', '[]', '{"traces":5}'])('columns are the default ones if the browser has %j', (text) => {
  expect(chosenColumnsOf(text)).toEqual(chosenColumnsOf(null));
});

it('columns are those that were chosen, with a limited number of attributes', () => {
  const attributes = Array.from({ length: 20 }, (_, n) => `key-${n}`);
  const chosen = chosenColumnsOf(JSON.stringify({ traces: ['errors', 5], spans: [], attributes }));
  expect(chosen).toEqual({ traces: ['errors'], spans: [], attributes: attributes.slice(0, 10) });
});
