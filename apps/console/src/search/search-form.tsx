import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type RefObject, useId, useMemo, useState } from 'react';
import type { AttributeValuesResponse, OperationsResponse, ServicesResponse } from '../api/types.ts';
import { get } from '../api/client.ts';
import { conditionParts, quotedKey } from './attribute-condition.ts';
import { durationErrorOf, type SearchParameters } from './search-parameters.ts';
import { useAttributeKeys } from './use-attribute-keys.ts';

/** At most this many suggestions. */
const maxOptions = 200;

/** The search form. Changes take effect when it is submitted. While it is hidden, it keeps what was typed. */
export function SearchForm({
  search,
  firstField,
  isHidden,
  onSearch,
}: {
  readonly search: SearchParameters;
  readonly firstField: RefObject<HTMLInputElement | null>;
  readonly isHidden: boolean;
  readonly onSearch: (search: SearchParameters) => void;
}) {
  const id = useId();
  const [service, setService] = useState(search.service);
  const ofService = service === '' ? '' : `?${new URLSearchParams({ service }).toString()}`;
  const services = useQuery({
    queryKey: ['services'],
    queryFn: ({ signal }) => get<ServicesResponse>('services', signal),
  });
  // While the name is incomplete, do not request its operations.
  const isKnown = service === '' || services.data?.services.includes(service) === true;
  const operations = useQuery({
    queryKey: ['operations', service],
    enabled: isKnown,
    queryFn: ({ signal }) => get<OperationsResponse>(`operations${ofService}`, signal),
  });
  const keys = useAttributeKeys(service, isKnown);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const inputs = [...event.currentTarget.elements].filter((element) => element instanceof HTMLInputElement);
    const textsOf = (name: string): readonly string[] => inputs.filter((input) => input.name === name).map(fieldText);
    const text = (name: string): string => textsOf(name)[0] ?? String(data.get(name) ?? '');
    const next: SearchParameters = {
      service: text('service'),
      operation: text('operation'),
      kind: text('kind'),
      caller: text('caller'),
      callerOperation: text('caller') === '' ? '' : text('callerOperation'),
      status: text('status'),
      min: text('min'),
      max: text('max'),
      duration: text('duration') === 'span' ? 'span' : 'trace',
      attribute: textsOf('attribute').filter((condition) => condition !== ''),
      text: text('text'),
      order: text('order') === 'slowest' ? 'slowest' : 'newest',
      rows: search.rows,
    };
    const error = durationErrorOf(next);
    for (const input of inputs) input.setCustomValidity(input.name === error?.field ? error.message : '');
    // The browser shows the message at the field.
    if (event.currentTarget.reportValidity()) onSearch(next);
  };
  const names = useMemo(() => [...new Set(operations.data?.operations.map(({ name }) => name))], [operations.data]);
  const keyNames = useMemo(() => keys.map(quotedKey), [keys]);
  return (
    <form
      role="search"
      className="search-form"
      hidden={isHidden}
      onSubmit={submit}
      onInput={(event) => {
        // A message that was shown goes when any field changes.
        for (const input of event.currentTarget.elements)
          if (input instanceof HTMLInputElement) input.setCustomValidity('');
      }}
    >
      <label>
        Service
        <input
          ref={firstField}
          name="service"
          list={`${id}-services`}
          defaultValue={search.service}
          autoComplete="off"
          onChange={({ target }) => setService(target.value.trim())}
        />
      </label>
      <label>
        Operation
        <input name="operation" list={`${id}-operations`} defaultValue={search.operation} autoComplete="off" />
      </label>
      {search.caller !== '' && (
        <>
          <label>
            Called by
            <input name="caller" list={`${id}-services`} defaultValue={search.caller} autoComplete="off" />
          </label>
          {search.callerOperation !== '' && (
            <label>
              Operation of the caller
              <input name="callerOperation" defaultValue={search.callerOperation} autoComplete="off" />
            </label>
          )}
        </>
      )}
      <label>
        Kind
        <select name="kind" defaultValue={search.kind}>
          <option value="">any</option>
          {['server', 'client', 'internal', 'producer', 'consumer', 'unspecified'].map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
      </label>
      <label>
        Status
        <select name="status" defaultValue={search.status}>
          <option value="">any</option>
          <option>error</option>
          <option>ok</option>
          <option>unset</option>
        </select>
      </label>
      <label>
        Min duration
        <input name="min" placeholder="100ms" size={8} defaultValue={search.min} autoComplete="off" />
      </label>
      <label>
        Max duration
        <input name="max" placeholder="2s" size={8} defaultValue={search.max} autoComplete="off" />
      </label>
      {search.rows === 'traces' && (
        <label>
          Duration of
          <select name="duration" defaultValue={search.duration}>
            <option value="trace">the trace</option>
            <option value="span">any matching span</option>
          </select>
        </label>
      )}
      {[...search.attribute, ''].map((condition, n) => (
        <AttributeField
          key={n}
          label={n === 0 ? 'Attribute' : 'And attribute'}
          condition={condition}
          keys={keyNames}
          ofService={isKnown ? service : ''}
        />
      ))}
      <label>
        Contains text
        <input
          name="text"
          maxLength={200}
          title="In a name, a status message, an event or the value of an attribute, in upper or lower case"
          defaultValue={search.text}
          autoComplete="off"
        />
      </label>
      <label>
        Order
        <select name="order" defaultValue={search.order}>
          <option value="newest">newest first</option>
          <option value="slowest">slowest first</option>
        </select>
      </label>
      <button type="submit" className="primary">
        Search
      </button>
      <Options id={`${id}-services`} values={services.data?.services ?? []} />
      <Options id={`${id}-operations`} values={names} />
    </form>
  );
}

/** The text of a field: a suggestion as it is, anything else trimmed. */
function fieldText({ value, list }: HTMLInputElement): string {
  const isOffered = [...(list?.querySelectorAll('option') ?? [])].some((option) => option.value === value);
  return isOffered ? value : value.trim();
}

/** A condition on an attribute. It suggests keys and, after an operator, values of the key. */
function AttributeField({
  label,
  condition,
  keys,
  ofService,
}: {
  readonly label: string;
  readonly condition: string;
  readonly keys: readonly string[];
  readonly ofService: string;
}) {
  const id = useId();
  const [typed, setTyped] = useState(condition);
  const parts = conditionParts(typed);
  const key = parts?.key ?? '';
  const values = useQuery({
    queryKey: ['attribute-values', ofService, key],
    enabled: key !== '',
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ key, ...(ofService === '' ? {} : { service: ofService }) });
      return get<AttributeValuesResponse>(`attribute-values?${query.toString()}`, signal);
    },
  });
  const suggestions =
    parts === undefined
      ? keys
      : (values.data?.values ?? []).map(({ value }) => `${quotedKey(parts.key)}${parts.operator}${value}`);
  return (
    <label className="wide">
      {label}
      <input
        name="attribute"
        list={id}
        placeholder="http.route=/numbers"
        title="A key, or a key and a value joined by =, !=, >, >=, <, <= or ~ (regular expression)"
        defaultValue={condition}
        autoComplete="off"
        onChange={({ target }) => setTyped(target.value)}
      />
      <Options id={id} values={suggestions} />
    </label>
  );
}

function Options({ id, values }: { readonly id: string; readonly values: readonly string[] }) {
  return (
    <datalist id={id}>
      {values.slice(0, maxOptions).map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}
