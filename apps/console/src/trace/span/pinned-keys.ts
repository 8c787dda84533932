import { useCallback } from 'react';
import { useRemembered } from '../../use-remembered.ts';

const maxPinned = 50;

/** The keys of attributes that the user wants to see first, in this browser. */
export function usePinnedKeys() {
  const [pinned, setPinned] = useRemembered('spandrel-pinned-attributes', (saved) =>
    Array.isArray(saved) ? saved.filter((key): key is string => typeof key === 'string').slice(0, maxPinned) : [],
  );
  const togglePin = useCallback(
    (key: string) =>
      setPinned(pinned.includes(key) ? pinned.filter((each) => each !== key) : [...pinned, key].slice(-maxPinned)),
    [pinned, setPinned],
  );
  return { pinned, togglePin };
}
