import { type FormEvent, useState } from 'react';
import { parseDuration } from '../format/duration.ts';
import { inputTextOf } from '../format/time.ts';
import { isoOf } from '../range/time-range.ts';
import type { Selection, SelectionKind } from './differences-address.ts';

const kinds: readonly (readonly [SelectionKind, string])[] = [
  ['errors', 'Failed traces'],
  ['slowest', 'Slowest 5 %'],
  ['area', 'Duration and time'],
  ['attribute', 'Attribute'],
];

/** Selects the traces to compare with the others. */
export function SelectionForm({
  selection,
  onSelect,
}: {
  readonly selection: Selection;
  readonly onSelect: (selection: Selection) => void;
}) {
  const [kind, setKind] = useState<SelectionKind>(selection.kind);
  const [problem, setProblem] = useState('');
  const select = (next: SelectionKind): void => {
    setKind(next);
    if (next === 'errors' || next === 'slowest') onSelect({ kind: next });
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string): string => String(data.get(name) ?? '').trim();
    if (kind === 'attribute') {
      onSelect({ kind, condition: text('condition') });
      return;
    }
    const [min, max] = [text('min'), text('max')];
    const invalid = [min, max].find((each) => each !== '' && parseDuration(each) === undefined);
    const timeOf = (name: string): string => (text(name) === '' ? '' : isoOf(Date.parse(text(name))));
    if (invalid !== undefined) {
      setProblem(`A duration must be a number with a unit, such as 250ms or 1.5 s, got ${invalid}`);
      return;
    }
    onSelect({ kind: 'area', min, max, from: timeOf('from'), to: timeOf('to') });
  };
  const area = selection.kind === 'area' ? selection : { min: '', max: '', from: '', to: '' };
  const localOf = (time: string): string => (Number.isNaN(Date.parse(time)) ? '' : inputTextOf(Date.parse(time)));
  return (
    <form className="row selection-form" aria-label="Selected traces" onSubmit={submit}>
      <span role="group" aria-label="Compare with the others" className="row">
        {kinds.map(([each, label]) => (
          <button key={each} type="button" aria-pressed={kind === each} onClick={() => select(each)}>
            {label}
          </button>
        ))}
      </span>
      {kind === 'area' && (
        <>
          <label>
            Min duration <input name="min" defaultValue={area.min} placeholder="100ms" size={8} autoComplete="off" />
          </label>
          <label>
            Max duration <input name="max" defaultValue={area.max} placeholder="2s" size={8} autoComplete="off" />
          </label>
          <label>
            From <input name="from" type="datetime-local" step="1" defaultValue={localOf(area.from)} />
          </label>
          <label>
            To <input name="to" type="datetime-local" step="1" defaultValue={localOf(area.to)} />
          </label>
        </>
      )}
      {kind === 'attribute' && (
        <label>
          Attribute{' '}
          <input
            name="condition"
            defaultValue={selection.kind === 'attribute' ? selection.condition : ''}
            placeholder="http.route=/numbers"
            title="A key, or a key and a value joined by =, !=, >, >=, <, <= or ~ (regular expression)"
            size={30}
            autoComplete="off"
          />
        </label>
      )}
      {(kind === 'area' || kind === 'attribute') && <button type="submit">Compare</button>}
      {problem !== '' && (
        <p role="alert" className="bad">
          {problem}
        </p>
      )}
    </form>
  );
}
