import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { formatDuration, parseDuration } from '../format/duration.ts';
import { isFilteringSpans, spanKinds, type TraceFilter } from './trace-filter.ts';

/** Conditions on the spans of a trace: attribute, duration, kind and critical path. */
export function SpanFilter(props: {
  readonly filter: TraceFilter;
  /** The error of the search for the attribute. */
  readonly attributeError: string | undefined;
  readonly onFilter: (filter: TraceFilter) => void;
}) {
  const { filter, attributeError, onFilter } = props;
  return (
    <details className="span-filter" open={isFilteringSpans(filter)}>
      <summary>Filter spans</summary>
      <FilterForm filter={filter} attributeError={attributeError} onFilter={onFilter} />
    </details>
  );
}

function FilterForm({ filter, attributeError, onFilter }: Parameters<typeof SpanFilter>[0]) {
  const [invalid, setInvalid] = useState<string>();
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const { attribute, minDurationNs, maxDurationNs } = filter;
  // The filter changes from outside, too: the fields then get its values, which are their defaults.
  useEffect(() => form.current?.reset(), [attribute, minDurationNs, maxDurationNs]);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const textOf = (name: string): string => String(data.get(name) ?? '').trim();
    const [min, max] = [textOf('min'), textOf('max')];
    const [minNs, maxNs] = [parseDuration(min), parseDuration(max)];
    if ((min !== '' && minNs === undefined) || (max !== '' && maxNs === undefined)) {
      setInvalid('A duration must be a number with a unit, such as 1.5ms or 2s.');
      return;
    }
    if (minNs !== undefined && maxNs !== undefined && minNs > maxNs) {
      setInvalid('The minimum duration must not exceed the maximum.');
      return;
    }
    setInvalid(undefined);
    onFilter({ ...filter, attribute: textOf('attribute'), minDurationNs: minNs, maxDurationNs: maxNs });
  };
  const message = invalid ?? attributeError;
  return (
    <div className="row">
      <form
        ref={form}
        className="row"
        onSubmit={submit}
        aria-describedby={message === undefined ? undefined : `${id}-error`}
      >
        <label>
          Attribute{' '}
          <input
            name="attribute"
            placeholder="key=value"
            defaultValue={filter.attribute}
            autoComplete="off"
            size={24}
          />
        </label>
        <label>
          Lasts at least{' '}
          <input
            name="min"
            placeholder="10ms"
            defaultValue={durationText(filter.minDurationNs)}
            autoComplete="off"
            size={7}
          />
        </label>
        <label>
          at most{' '}
          <input
            name="max"
            placeholder="2s"
            defaultValue={durationText(filter.maxDurationNs)}
            autoComplete="off"
            size={7}
          />
        </label>
        <button type="submit">Filter</button>
        {message !== undefined && (
          <span id={`${id}-error`} role="alert" className="bad">
            {message}
          </span>
        )}
      </form>
      <label>
        Kind{' '}
        <select
          value={filter.kind === undefined ? '' : spanKinds[filter.kind]}
          onChange={({ target }) => {
            const kind = spanKinds.indexOf(target.value);
            onFilter({ ...filter, kind: kind === -1 ? undefined : kind });
          }}
        >
          <option value="">any</option>
          {spanKinds.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={filter.onlyCritical}
          onChange={({ target }) => onFilter({ ...filter, onlyCritical: target.checked })}
        />{' '}
        On critical path
      </label>
    </div>
  );
}

function durationText(ns: number | undefined): string {
  if (ns === undefined) return '';
  // The rounded text would change the filter when the form is submitted again.
  const rounded = formatDuration(ns);
  return parseDuration(rounded) === ns ? rounded : `${ns} ns`;
}
