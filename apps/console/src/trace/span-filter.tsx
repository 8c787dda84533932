import { type FormEvent, useId, useState } from 'react';
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
  const isSet = isFilteringSpans(filter);
  const { attribute, minDurationNs, maxDurationNs, kind } = filter;
  return (
    <details className="span-filter" open={isSet}>
      <summary>Filter spans</summary>
      {/* The fields take the values of the address when these change. */}
      <FilterForm
        key={[attribute, minDurationNs, maxDurationNs, kind].join(' ')}
        filter={filter}
        attributeError={attributeError}
        onFilter={onFilter}
      />
    </details>
  );
}

function FilterForm({ filter, attributeError, onFilter }: Parameters<typeof SpanFilter>[0]) {
  const [invalid, setInvalid] = useState<string>();
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const textOf = (name: string): string => String(data.get(name) ?? '').trim();
    const [min, max] = [textOf('min'), textOf('max')];
    const [minDurationNs, maxDurationNs] = [parseDuration(min), parseDuration(max)];
    const kind = spanKinds.indexOf(textOf('kind'));
    if ((min !== '' && minDurationNs === undefined) || (max !== '' && maxDurationNs === undefined)) {
      setInvalid('A duration must be a number with a unit, such as 1.5ms or 2s.');
      return;
    }
    if (minDurationNs !== undefined && maxDurationNs !== undefined && minDurationNs > maxDurationNs) {
      setInvalid('The minimum duration must not exceed the maximum.');
      return;
    }
    setInvalid(undefined);
    const onlyCritical = data.get('critical') !== null;
    const attribute = textOf('attribute');
    onFilter({
      ...filter,
      attribute,
      minDurationNs,
      maxDurationNs,
      onlyCritical,
      kind: kind === -1 ? undefined : kind,
    });
  };
  const message = invalid ?? attributeError;
  return (
    <form className="row" onSubmit={submit} aria-describedby={message === undefined ? undefined : `${id}-error`}>
      <label>
        Attribute{' '}
        <input name="attribute" placeholder="key=value" defaultValue={filter.attribute} autoComplete="off" size={24} />
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
      <label>
        Kind{' '}
        <select name="kind" defaultValue={filter.kind === undefined ? '' : spanKinds[filter.kind]}>
          <option value="">any</option>
          {spanKinds.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
      </label>
      <label>
        <input
          name="critical"
          type="checkbox"
          checked={filter.onlyCritical}
          onChange={({ target }) => onFilter({ ...filter, onlyCritical: target.checked })}
        />{' '}
        On critical path
      </label>
      <button type="submit">Filter</button>
      {message !== undefined && (
        <span id={`${id}-error`} role="alert" className="bad">
          {message}
        </span>
      )}
    </form>
  );
}

function durationText(ns: number | undefined): string {
  if (ns === undefined) return '';
  // The rounded text would change the filter when the form is submitted again.
  const rounded = formatDuration(ns);
  return parseDuration(rounded) === ns ? rounded : `${ns} ns`;
}
