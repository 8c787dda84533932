import { useCallback, useMemo } from 'react';
// The hooks of `wouter` itself decode once too often: `%2541` would become `A` instead of `%41`.
import { navigate, usePathname, useSearch } from 'wouter/use-browser-location';

/** The query string of the page, which holds the state of the page. */
export function useAddress() {
  const search = useSearch();
  const path = usePathname();
  const parameters = useMemo(() => new URLSearchParams(search), [search]);
  /**
   * @param changes by name; an empty or undefined value removes the parameter
   * @param how `push` adds an entry to the browser's history, `replace` does not
   */
  const change = useCallback(
    (
      changes: Readonly<Record<string, string | readonly string[] | undefined>>,
      how: 'push' | 'replace' = 'replace',
    ) => {
      const next = new URLSearchParams(search);
      for (const [name, value] of Object.entries(changes)) {
        next.delete(name);
        for (const each of typeof value === 'string' ? [value] : (value ?? []))
          if (each !== '') next.append(name, each);
      }
      const text = next.toString();
      navigate(text === '' ? path : `${path}?${text}`, { replace: how === 'replace' });
    },
    [search, path],
  );
  return { parameters, change };
}
