import type { RefObject } from 'react';

/** Searches names, attributes and events of a trace, with buttons for the next and the previous match. */
export function FindBox(props: {
  readonly box: RefObject<HTMLInputElement | null>;
  /** The current search text; empty for none. */
  readonly text: string;
  /** The number of matching spans; undefined while the search runs. */
  readonly count: number | undefined;
  readonly isFailed: boolean;
  readonly onFind: (text: string) => void;
  readonly onStep: (direction: 1 | -1) => void;
}) {
  const { box, text, count, isFailed, onFind, onStep } = props;
  return (
    <form
      role="search"
      className="row find-box"
      onSubmit={(event) => {
        event.preventDefault();
        onFind(box.current?.value.trim() ?? '');
      }}
    >
      <input
        ref={box}
        key={text}
        type="search"
        placeholder="Find in names, attributes, events  ( / )"
        aria-label="Find in this trace"
        defaultValue={text}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <button type="submit">Find</button>
      <button type="button" title="Previous ( N )" aria-label="Previous match" onClick={() => onStep(-1)}>
        ↑
      </button>
      <button type="button" title="Next ( n )" aria-label="Next match" onClick={() => onStep(1)}>
        ↓
      </button>
      <output>{text === '' ? '' : isFailed ? 'search failed' : count === undefined ? '…' : matchesText(count)}</output>
    </form>
  );
}

function matchesText(count: number): string {
  return `${count.toLocaleString()} ${count === 1 ? 'match' : 'matches'}`;
}
