import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type RefObject, useId, useMemo, useState } from 'react';
import type { AttributeKeysAnswer, AttributeValuesAnswer, OperationsAnswer, ServicesAnswer } from '../api/answers.ts';
import { get } from '../api/client.ts';
import { conditionParts, quotedKey } from './attribute-condition.ts';
import type { SearchWords } from './search-words.ts';

/** More suggestions than these nobody reads. */
const maxOptions = 200;

/** What is typed belongs to the form until it is sent. */
export function SearchForm({
  search,
  firstField,
  onSearch,
}: {
  readonly search: SearchWords;
  readonly firstField: RefObject<HTMLInputElement | null>;
  readonly onSearch: (changes: Readonly<Record<keyof SearchWords, string | readonly string[]>>) => void;
}) {
  const id = useId();
  const [service, setService] = useState(search.service);
  const ofService = service === '' ? '' : `?${new URLSearchParams({ service }).toString()}`;
  const services = useQuery({
    queryKey: ['services'],
    queryFn: ({ signal }) => get<ServicesAnswer>('services', signal),
  });
  // Half a name is none: its operations need not be asked for.
  const isKnown = service === '' || services.data?.services.includes(service) === true;
  const operations = useQuery({
    queryKey: ['operations', service],
    enabled: isKnown,
    queryFn: ({ signal }) => get<OperationsAnswer>(`operations${ofService}`, signal),
  });
  const keys = useQuery({
    queryKey: ['attribute-keys', service],
    enabled: isKnown,
    queryFn: ({ signal }) => get<AttributeKeysAnswer>(`attribute-keys${ofService}`, signal),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const inputs = [...event.currentTarget.elements].filter((element) => element instanceof HTMLInputElement);
    const textsOf = (name: string): readonly string[] => inputs.filter((input) => input.name === name).map(chosenText);
    const text = (name: string): string => textsOf(name)[0] ?? String(data.get(name) ?? '');
    onSearch({
      service: text('service'),
      operation: text('operation'),
      status: text('status'),
      min: text('min'),
      max: text('max'),
      attribute: textsOf('attribute'),
      order: text('order') === 'newest' ? '' : text('order'),
    });
  };
  const names = useMemo(() => [...new Set(operations.data?.operations.map(({ name }) => name))], [operations.data]);
  const keyNames = useMemo(() => [...new Set(keys.data?.keys.map(({ key }) => quotedKey(key)))], [keys.data]);
  return (
    <form role="search" className="search-form" onSubmit={submit}>
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
        Lasts at least
        <input name="min" placeholder="100ms" size={8} defaultValue={search.min} autoComplete="off" />
      </label>
      <label>
        At most
        <input name="max" placeholder="2s" size={8} defaultValue={search.max} autoComplete="off" />
      </label>
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

/** What was typed, without blanks around it; what was chosen, with them. */
function chosenText({ value, list }: HTMLInputElement): string {
  const isOffered = [...(list?.querySelectorAll('option') ?? [])].some((option) => option.value === value);
  return isOffered ? value : value.trim();
}

/** A condition on an attribute. Keys are suggested first; behind an operator, values that the key has. */
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
      const question = new URLSearchParams({ key, ...(ofService === '' ? {} : { service: ofService }) });
      return get<AttributeValuesAnswer>(`attribute-values?${question.toString()}`, signal);
    },
  });
  const suggested =
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
        title="A key, or a key and a value with =, !=, >, >=, <, <= or ~ (a regular expression) between"
        defaultValue={condition}
        autoComplete="off"
        onChange={({ target }) => setTyped(target.value)}
      />
      <Options id={id} values={suggested} />
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
