import { CompletionContext } from '@codemirror/autocomplete';
import { EditorState } from '@codemirror/state';
import { expect, it } from 'vitest';
import type { CatalogueResponse } from '../api/types.ts';
import { catalogueSource, keywordOf } from './catalogue-completion.ts';

const column = (name: string) => ({ name, type: 'text', comment: null });
const catalogue: CatalogueResponse = {
  relations: [
    {
      schema: 'ps_trace',
      name: 'span',
      comment: null,
      columns: ['dropped_events_count', 'service_name', 'trace_id'].map(column),
    },
    { schema: 'ps_trace', name: 'event', comment: null, columns: ['event_name', 'service_name'].map(column) },
  ],
  functions: [{ schema: 'ps_trace', name: 'service_call', arguments: '', result: 'record', comment: null }],
};

/** The options for a statement, the best first. */
function optionsOf(text: string): readonly string[] {
  const context = new CompletionContext(EditorState.create({ doc: text }), text.length, true);
  const options = catalogueSource(catalogue)(context)?.options ?? [];
  return options
    .toSorted((a, b) => (b.boost ?? 0) - (a.boost ?? 0) || (a.sortText ?? a.label).localeCompare(b.sortText ?? b.label))
    .map(({ label }) => label);
}

it.each([
  ['SELECT serv', ['service_name', 'dropped_events_count', 'event_name', 'trace_id', 'service_call']],
  ['SELECT x FROM event WHERE ', ['service_name', 'event_name', 'service_call']],
])('completion offers columns before functions, those used most first: %s', (text, expected) => {
  const options = optionsOf(text);
  expect(options[0]).toBe('service_name');
  expect(options.at(-1)).toBe('service_call');
  expect(options.toSorted()).toEqual(expected.toSorted());
});

it('completion offers rare keywords last', () => {
  expect(keywordOf('PRESERVE', 'keyword').boost).toBe(-99);
  expect(keywordOf('select', 'keyword').boost).toBeUndefined();
});
