import { useState } from 'react';

/** A statement that was run in this browser. */
export interface HistoryEntry {
  readonly sql: string;
  /** When it was started, in milliseconds since 1970. */
  readonly atMs: number;
  readonly elapsedMs: number;
  /** How many rows it returned; undefined for a plan or an error. */
  readonly rows: number | undefined;
  readonly error: string | undefined;
}

const key = 'spandrel-sql-history';
const maxEntries = 200;
/** Browsers give a site about 5 MB. */
const maxCharacters = 500_000;

/** The statements that were run, the latest first. A statement that is run again moves to the front. */
export function useStatementHistory() {
  const [entries, setEntries] = useState(readHistory);
  const write = (next: readonly HistoryEntry[]): void => {
    setEntries(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // Without storage the history lasts until the page is left.
    }
  };
  return {
    entries,
    // Read again, because another tab may have run statements.
    add: (entry: HistoryEntry): void => write(withEntry(readHistory(), entry)),
    clear: (): void => write([]),
  };
}

/** Add an entry to a history within its bounds. */
export function withEntry(entries: readonly HistoryEntry[], entry: HistoryEntry): readonly HistoryEntry[] {
  const next = [entry, ...entries.filter(({ sql }) => sql !== entry.sql)].slice(0, maxEntries);
  let characters = 0;
  const end = next.findIndex(({ sql, error }) => {
    characters += sql.length + (error?.length ?? 0);
    return characters > maxCharacters;
  });
  return end < 0 ? next : next.slice(0, end);
}

/** The entries with all words of a text in their statement. */
export function matchingEntries(entries: readonly HistoryEntry[], text: string): readonly HistoryEntry[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return entries.filter(({ sql }) => words.every((word) => sql.toLowerCase().includes(word)));
}

function readHistory(): readonly HistoryEntry[] {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(saved) ? saved.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is HistoryEntry {
  const { sql, atMs, elapsedMs, rows, error } = (value ?? {}) as Partial<HistoryEntry>;
  return (
    typeof sql === 'string' &&
    Number.isFinite(atMs) &&
    Number.isFinite(elapsedMs) &&
    (rows === undefined || Number.isInteger(rows)) &&
    (error === undefined || typeof error === 'string')
  );
}
