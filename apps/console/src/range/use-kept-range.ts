import { useMemo, useRef } from 'react';
import { usePathname, useSearch } from 'wouter/use-browser-location';

/** Pages whose address has a time range. */
const pagesWithRange = /^\/(?:$|dashboards|map|search|services)/;

/**
 * The query string with the time range for links in the frame of the page: that of this page, or of the last page that had one.
 * So a look at a trace or at the SQL page does not lose the range.
 */
export function useKeptRange(): URLSearchParams {
  const path = usePathname();
  const search = useSearch();
  const kept = useRef('');
  if (pagesWithRange.test(path)) kept.current = search;
  const query = kept.current;
  return useMemo(() => new URLSearchParams(query), [query]);
}
