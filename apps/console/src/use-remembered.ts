import { useCallback, useState } from 'react';

/**
 * A state that this browser remembers.
 *
 * @param key of the local storage
 * @param read makes a valid value of what was saved: parsed JSON, null for nothing
 */
export function useRemembered<Value>(
  key: string,
  read: (saved: unknown) => Value,
): readonly [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => read(savedAt(key)));
  const change = useCallback(
    (next: Value) => {
      setValue(next);
      try {
        localStorage.setItem(key, JSON.stringify(next));
      } catch {
        // Without storage the value lasts until the page is reloaded.
      }
    },
    [key],
  );
  return [value, change];
}

function savedAt(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}
