import { useState } from 'react';

/** A statement that was saved in this browser. */
export interface SavedStatement {
  readonly name: string;
  readonly sql: string;
}

const key = 'spandrel-sql-saved';

/** The saved statements by name. Saving under an existing name replaces the statement. */
export function useSavedStatements() {
  const [saved, setSaved] = useState(readSaved);
  const write = (next: readonly SavedStatement[]): void => {
    localStorage.setItem(key, JSON.stringify(next));
    setSaved(next);
  };
  const others = (name: string): readonly SavedStatement[] => saved.filter((each) => each.name !== name);
  return {
    saved,
    save: (statement: SavedStatement): void =>
      write([...others(statement.name), statement].toSorted((a, b) => a.name.localeCompare(b.name))),
    remove: (name: string): void => write(others(name)),
  };
}

function readSaved(): readonly SavedStatement[] {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(saved) ? saved.filter(isStatement) : [];
  } catch {
    return [];
  }
}

function isStatement(value: unknown): value is SavedStatement {
  const { name, sql } = (value ?? {}) as Partial<SavedStatement>;
  return typeof name === 'string' && typeof sql === 'string';
}
