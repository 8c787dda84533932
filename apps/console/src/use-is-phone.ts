import { useSyncExternalStore } from 'react';

/** The width up to which style sheets use the layout for phones. */
const query = '(max-width: 800px)';

/** Whether the page has the layout for phones. */
export function useIsPhone(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

function subscribe(onChange: () => void): () => void {
  const list = matchMedia(query);
  list.addEventListener('change', onChange);
  return () => list.removeEventListener('change', onChange);
}
