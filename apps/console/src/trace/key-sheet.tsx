import { type RefObject } from 'react';
import { keyTexts, type Shortcut, type Shortcuts } from '../keys/shortcuts.ts';
import { keySections } from './trace-keys.ts';

/** A dialog with the keys of the page and the meaning of what the waterfall draws. */
export function KeySheet({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} className="key-sheet" aria-labelledby="key-sheet-title">
      <h2 id="key-sheet-title">Keys</h2>
      <div className="key-sections">
        {keySections.map(([title, ...shortcuts]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl className="keys">
              {rowsOf(shortcuts).map(([meaning, keys]) => (
                <div key={meaning}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <h2>Legend</h2>
      <Legend />
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

/** One row for each meaning. */
function rowsOf(shortcuts: readonly Shortcuts[]): readonly (readonly [meaning: string, keys: readonly string[]])[] {
  const all = shortcuts.flatMap((each) => Object.values<Shortcut>(each));
  return [...Map.groupBy(all, ({ meaning }) => meaning)].map(([meaning, own]) => [meaning, own.flatMap(keyTexts)]);
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
