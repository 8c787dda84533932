import { useState } from 'react';
import { defaultSpanColumns } from './span-columns.tsx';
import { defaultTraceColumns } from './trace-columns.tsx';

const key = 'spandrel-search-columns';

/** The most attributes that a list of spans shows. */
export const maxAttributes = 10;

/** The columns that the user chose, by their ids. */
export interface ChosenColumns {
  readonly traces: readonly string[];
  readonly spans: readonly string[];
  /** Keys of attributes in the list of spans. */
  readonly attributes: readonly string[];
}

const defaults: ChosenColumns = { traces: defaultTraceColumns, spans: defaultSpanColumns, attributes: [] };

/** Read columns. Whatever is not one is left out. */
export function chosenColumnsOf(text: string | null): ChosenColumns {
  const texts = (value: unknown): readonly string[] | undefined =>
    Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined;
  try {
    const stored = (JSON.parse(text ?? '{}') ?? {}) as Readonly<Partial<Record<keyof ChosenColumns, unknown>>>;
    return {
      traces: texts(stored.traces) ?? defaults.traces,
      spans: texts(stored.spans) ?? defaults.spans,
      attributes: (texts(stored.attributes) ?? []).slice(0, maxAttributes),
    };
  } catch {
    return defaults;
  }
}

/** The columns of results, which this browser remembers. */
export function useColumns() {
  const [chosen, setChosen] = useState(() => chosenColumnsOf(localStorage.getItem(key)));
  const change = (next: Partial<ChosenColumns>): void => {
    const changed = { ...chosen, ...next };
    localStorage.setItem(key, JSON.stringify(changed));
    setChosen(changed);
  };
  return { chosen, change, reset: (): void => change(defaults) };
}
