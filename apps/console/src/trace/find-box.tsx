import { type RefObject, useEffect } from 'react';
import { counted, formatNumber } from '../format/number.ts';
import { keyTexts, runShortcut, type Shortcut } from '../keys/shortcuts.ts';
import { findKeys, traceKeys } from './trace-keys.ts';

/**
 * Searches names, attributes and events of a trace. The first match is selected when the search has ended. Enter and
 * Shift+Enter in the box go to the next and the previous match; the focus stays in the box.
 */
export function FindBox(props: {
  readonly box: RefObject<HTMLInputElement | null>;
  /** The current search text; empty for none. */
  readonly text: string;
  /** The number of matching spans; undefined while the search runs. */
  readonly count: number | undefined;
  /** The position of the selected span among the matches, from 1; 0 if it is not a match. */
  readonly position: number;
  readonly isFailed: boolean;
  /** Called with a text that differs from the current one. */
  readonly onFind: (text: string) => void;
  readonly onStep: (direction: 1 | -1) => void;
}) {
  const { box, text, count, position, isFailed, onFind, onStep } = props;
  // The text changes from outside, too: by the back button, or when another view clears it.
  useEffect(() => {
    if (box.current !== null && box.current.value.trim() !== text) box.current.value = text;
  }, [box, text]);
  const submit = (direction: 1 | -1): void => {
    const typed = box.current?.value.trim() ?? '';
    if (typed === text) onStep(direction);
    else onFind(typed);
  };
  return (
    <form
      role="search"
      className="row find-box"
      onSubmit={(event) => {
        event.preventDefault();
        submit(1);
      }}
    >
      <input
        ref={box}
        type="search"
        placeholder={`Find in names, attributes, events  ( ${keyTexts(traceKeys.find).join(', ')} )`}
        aria-label="Find in this trace"
        defaultValue={text}
        onKeyDown={(event) => {
          const isHandled = runShortcut(findKeys, event, {
            // The form is submitted.
            next: () => false,
            previous: () => submit(-1),
            leave: () => box.current?.blur(),
          });
          if (isHandled) event.preventDefault();
        }}
      />
      <button type="submit">Find</button>
      <button
        type="button"
        title={titleOf('Previous', findKeys.previous, traceKeys.previousMatch)}
        aria-label="Previous match"
        onClick={() => onStep(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        title={titleOf('Next', findKeys.next, traceKeys.nextMatch)}
        aria-label="Next match"
        onClick={() => onStep(1)}
      >
        ↓
      </button>
      <output>
        {text === '' ? '' : isFailed ? 'search failed' : count === undefined ? '…' : matchesText(count, position)}
      </output>
    </form>
  );
}

function titleOf(title: string, ...shortcuts: readonly Shortcut[]): string {
  return `${title} (${shortcuts.flatMap(keyTexts).join(', ')})`;
}

function matchesText(count: number, position: number): string {
  const matches = counted(count, 'match', 'matches');
  return position === 0 ? matches : `${formatNumber(position)} of ${matches}`;
}
