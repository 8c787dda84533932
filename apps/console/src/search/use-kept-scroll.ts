import { useLayoutEffect, useState } from 'react';

/** More positions are not kept. */
const maxPositions = 100;

/** The scroll positions of the page's main area, by search. */
const positions = new Map<number, number>();

/**
 * Keep the scroll position of a search, and restore it when the browser returns to the search.
 *
 * @param searchedAtMs identifies the search
 * @param isReady whether its rows are shown, so that the page has its height
 * @returns whether the page is scrolled down
 */
export function useKeptScroll(searchedAtMs: number, isReady: boolean): boolean {
  const [isScrolled, setScrolled] = useState(false);
  useLayoutEffect(() => {
    const main = document.querySelector('main');
    if (main === null || !isReady) return undefined;
    main.scrollTop = positions.get(searchedAtMs) ?? 0;
    setScrolled(main.scrollTop > 0);
    const onScroll = (): void => {
      positions.delete(searchedAtMs);
      positions.set(searchedAtMs, main.scrollTop);
      const [oldest] = positions.keys();
      if (positions.size > maxPositions && oldest !== undefined) positions.delete(oldest);
      setScrolled(main.scrollTop > 0);
    };
    main.addEventListener('scroll', onScroll, { passive: true });
    return () => main.removeEventListener('scroll', onScroll);
  }, [searchedAtMs, isReady]);
  return isScrolled;
}
