import type { RefObject } from 'react';

/** Finds words in names, attributes and events of a trace, and goes from one match to the next. */
export function FindBox(props: {
  readonly box: RefObject<HTMLInputElement | null>;
  /** Those that are looked for now; empty for none. */
  readonly words: string;
  /** How many spans have them; undefined while that is not known. */
  readonly count: number | undefined;
  readonly isFailed: boolean;
  readonly onFind: (words: string) => void;
  readonly onStep: (direction: 1 | -1) => void;
}) {
  const { box, words, count, isFailed, onFind, onStep } = props;
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
        key={words}
        type="search"
        placeholder="Find in names, attributes, events  ( / )"
        aria-label="Find in this trace"
        defaultValue={words}
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
      <output>
        {words === '' ? '' : isFailed ? 'failed' : count === undefined ? '…' : `${count.toLocaleString()} found`}
      </output>
    </form>
  );
}
