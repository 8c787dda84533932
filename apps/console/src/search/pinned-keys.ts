const key = 'spandrel-pinned-facets';

/** More keys than this are not counted at once. */
export const maxPinnedKeys = 10;

/** The keys of attributes whose values this browser shows beside search results. */
export function pinnedKeys(): readonly string[] {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(saved)
      ? saved.filter((each): each is string => typeof each === 'string' && each !== '').slice(0, maxPinnedKeys)
      : [];
  } catch {
    return [];
  }
}

/** Remember the pinned keys. Without storage, they last as long as the page. */
export function savePinnedKeys(keys: readonly string[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(keys));
  } catch {
    // Storage is full or not allowed.
  }
}
