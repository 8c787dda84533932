import { type RefObject } from 'react';

/** The keys of the trace page, for the sheet of keys. */
export const traceKeys: readonly (readonly [keys: string, meaning: string])[] = [
  ['/', 'Find in this trace'],
  ['Enter, Shift+Enter', 'In the find box: the next and the previous match'],
  ['n, N', 'The next and the previous match'],
  ['↑, ↓, PageUp, PageDown, Home, End', 'Select another span'],
  ['←, →', 'Collapse and expand a span; go to its parent and its first child'],
  ['Esc', 'Close the span'],
  ['+, −, 0', 'In the flame graph: zoom in, zoom out, reset the zoom'],
  ['?', 'Show these keys'],
];

/** A dialog with the keys of the page and the meaning of what the waterfall draws. */
export function KeySheet({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} className="key-sheet" aria-labelledby="key-sheet-title">
      <h2 id="key-sheet-title">Keys</h2>
      <dl className="keys">
        {traceKeys.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              {keys.split(', ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <h2>Legend</h2>
      <Legend />
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

/** What the marks of a waterfall mean. */
export function Legend() {
  return (
    <ul className="trace-legend">
      <li>
        <i className="legend-bar" /> span, in the color of its service
      </li>
      <li>
        <i className="legend-bar legend-failed" /> failed
      </li>
      <li>
        <i className="legend-critical" /> critical path
      </li>
      <li>
        <i className="event-mark" /> event
      </li>
      <li>
        <i className="event-mark exception-mark" /> exception
      </li>
    </ul>
  );
}
