import { useSyncExternalStore } from 'react';

/** A search that was saved in this browser. */
export interface SavedSearch {
  readonly name: string;
  /** The query string of the search page, without `?`. */
  readonly query: string;
}

/** The searches of this browser. */
export interface StoredSearches {
  /** By name. */
  readonly saved: readonly SavedSearch[];
  /** Query strings, the latest first. */
  readonly recent: readonly string[];
}

const key = 'spandrel-searches';
const maxRecent = 12;
const maxSaved = 100;
const maxQueryLength = 10_000;

/** Save a search. It replaces the one of the same name. */
export function withSaved(searches: StoredSearches, search: SavedSearch): StoredSearches {
  const others = searches.saved.filter(({ name }) => name !== search.name);
  const saved = [...others, search].toSorted((a, b) => a.name.localeCompare(b.name)).slice(0, maxSaved);
  return { ...searches, saved };
}

export function withoutSaved(searches: StoredSearches, name: string): StoredSearches {
  return { ...searches, saved: searches.saved.filter((each) => each.name !== name) };
}

/** Note a search as the latest one. */
export function withRecent(searches: StoredSearches, query: string): StoredSearches {
  if (query === '' || query.length > maxQueryLength || searches.recent[0] === query) return searches;
  return { ...searches, recent: [query, ...searches.recent.filter((each) => each !== query)].slice(0, maxRecent) };
}

export function withoutRecent(searches: StoredSearches): StoredSearches {
  return { ...searches, recent: [] };
}

/** Read searches. Whatever is not one is left out. */
export function storedSearchesOf(text: string | null): StoredSearches {
  try {
    const stored = JSON.parse(text ?? '{}') as { readonly saved?: unknown; readonly recent?: unknown } | null;
    const saved = Array.isArray(stored?.saved) ? stored.saved.filter(isSavedSearch) : [];
    const recent = Array.isArray(stored?.recent) ? stored.recent.filter((each) => typeof each === 'string') : [];
    return { saved, recent };
  } catch {
    return { saved: [], recent: [] };
  }
}

function isSavedSearch(value: unknown): value is SavedSearch {
  const { name, query } = (value ?? {}) as Partial<SavedSearch>;
  return typeof name === 'string' && typeof query === 'string';
}

let current: StoredSearches | undefined;
const listeners = new Set<() => void>();

function read(): StoredSearches {
  current ??= storedSearchesOf(localStorage.getItem(key));
  return current;
}

/** Change the searches of this browser. */
export function changeStoredSearches(change: (before: StoredSearches) => StoredSearches): void {
  // Another tab may have changed them.
  const before = storedSearchesOf(localStorage.getItem(key));
  current = change(before);
  if (current === before) return;
  localStorage.setItem(key, JSON.stringify(current));
  for (const listener of listeners) listener();
}

/** The searches of this browser. */
export function useStoredSearches(): StoredSearches {
  return useSyncExternalStore((onChange) => {
    listeners.add(onChange);
    return () => listeners.delete(onChange);
  }, read);
}

/** Describe a search in words: its conditions and its range. */
export function describeSearch(query: string): string {
  const parameters = new URLSearchParams(query);
  const [from, to, range] = ['from', 'to', 'range'].map((name) => parameters.get(name));
  const time = from != null && to != null ? 'fixed time' : range == null ? '' : range === 'all' ? 'all time' : range;
  return [describeConditions(query), time].filter((text) => text !== '').join(' · ');
}

/** Describe the conditions and the order of a search in words. */
export function describeConditions(query: string): string {
  const parameters = new URLSearchParams(query);
  const words: string[] = [];
  for (const [name, value] of parameters) {
    if (['from', 'to', 'range', 'tail', 'refresh'].includes(name)) continue;
    if (name === 'attribute') words.push(value);
    else if (name === 'min') words.push(`≥ ${value}`);
    else if (name === 'max') words.push(`≤ ${value}`);
    else if (name === 'duration') words.push('duration of a span');
    else if (name === 'order') words.push(`${value} first`);
    else words.push(value);
  }
  return words.length === 0 ? 'All traces' : words.join(', ');
}
