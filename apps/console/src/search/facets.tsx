import './facets.css';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import type { AttributeKeysResponse, FacetsResponse } from '../api/types.ts';
import { get } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { formatNumber } from '../format/number.ts';
import { serviceColour } from '../service-colour.ts';
import { useAddress } from '../use-address.ts';
import { attributeCondition } from './attribute-condition.ts';
import { maxPinnedKeys, pinnedKeys, savePinnedKeys } from './pinned-keys.ts';
import type { SearchParameters } from './search-parameters.ts';
import { type CountedSearch, useCounts } from './use-counts.ts';

type Facet = FacetsResponse['facets'][number];

/** Values of a facet that are shown at first. */
const firstValues = 6;

const titles: Readonly<Record<Facet['facet'], string>> = {
  service: 'Service',
  operation: 'Operation',
  kind: 'Kind',
  status: 'Status',
  attribute: 'Attribute',
};

/** The conditions of a search that a facet can add or remove. */
type FacetConditions = Pick<SearchParameters, 'service' | 'operation' | 'kind' | 'status' | 'attribute'>;

interface FacetsProps {
  readonly search: FacetConditions;
  readonly counted: CountedSearch;
}

/** Results with facets beside them: the values that the matching spans have, with counts. */
export function WithFacets({ search, counted, children }: FacetsProps & { readonly children: ReactNode }) {
  return (
    <div className="with-facets">
      <div className="faceted">{children}</div>
      <Facets search={search} counted={counted} />
    </div>
  );
}

/** The facets of a search. A click on a value adds it to the search, another click removes it. */
function Facets({ search, counted }: FacetsProps) {
  const { change } = useAddress();
  const [keys, setKeys] = useState(pinnedKeys);
  const [isHeld, setHeld] = useState(false);
  const facets = useCounts<FacetsResponse>('traces/facets', counted, isHeld, keys);
  const pin = (next: readonly string[]): void => {
    setKeys(next);
    savePinnedKeys(next);
  };
  const toggle = ({ facet, key }: Facet, value: string): void => {
    if (facet === 'attribute') {
      const condition = attributeCondition(key ?? '', value);
      const others = search.attribute.filter((each) => each !== condition);
      change({ attribute: others.length < search.attribute.length ? others : [...others, condition] }, 'push');
    } else change({ [facet]: search[facet] === value ? '' : value }, 'push');
  };
  return (
    <details className="facets" open={isWide()}>
      <summary>Filter by value</summary>
      <div
        className="facet-list"
        role="group"
        aria-label="Facets"
        aria-busy={facets.isPlaceholderData || facets.isPending}
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
      >
        {facets.isError && <Failure error={facets.error} retry={() => void facets.refetch()} />}
        {facets.data?.counts.facets.map((facet) => (
          <FacetValues
            key={`${facet.facet} ${facet.key ?? ''}`}
            facet={facet}
            isSelected={(value) =>
              facet.facet === 'attribute'
                ? search.attribute.includes(attributeCondition(facet.key ?? '', value))
                : search[facet.facet] === value
            }
            onToggle={(value) => toggle(facet, value)}
            onUnpin={facet.key === null ? undefined : () => pin(keys.filter((each) => each !== facet.key))}
          />
        ))}
        {facets.data !== undefined && <p className="quiet facet-note">{noteOf(facets.data.counts)}</p>}
        {keys.length < maxPinnedKeys && (
          <PinKey service={search.service} onPin={(key) => pin([...new Set([...keys, key])])} />
        )}
      </div>
    </details>
  );
}

function FacetValues({
  facet: { facet, key, values, valueCount },
  isSelected,
  onToggle,
  onUnpin,
}: {
  readonly facet: Facet;
  readonly isSelected: (value: string) => boolean;
  readonly onToggle: (value: string) => void;
  readonly onUnpin: (() => void) | undefined;
}) {
  const [isLong, setLong] = useState(false);
  const most = values[0]?.traces ?? 1;
  const title = key ?? titles[facet];
  const shown = values.slice(0, isLong ? undefined : firstValues);
  const missing = valueCount - values.length;
  return (
    <section className="facet">
      <div className="row spread">
        <h3>
          <bdi>{title}</bdi>
        </h3>
        {onUnpin !== undefined && (
          <button type="button" className="plain quiet" aria-label={`Unpin ${title}`} title="Unpin" onClick={onUnpin}>
            ×
          </button>
        )}
      </div>
      {values.length === 0 && <p className="quiet">No values</p>}
      <ul>
        {shown.map(({ value, traces }) => (
          <li key={value}>
            <button type="button" aria-pressed={isSelected(value)} title={value} onClick={() => onToggle(value)}>
              <span className="facet-bar" style={{ width: `${(100 * traces) / most}%` }} aria-hidden="true" />
              {facet === 'service' && <span className={`dot ${serviceColour(value)}`} aria-hidden="true" />}
              <bdi className={facet === 'status' && value === 'error' ? 'bad' : ''}>
                {value === '' ? '(empty)' : value}
              </bdi>
              <span className="number quiet">{formatNumber(traces)}</span>
            </button>
          </li>
        ))}
      </ul>
      {values.length > firstValues && (
        <button type="button" className="plain quiet" aria-expanded={isLong} onClick={() => setLong(!isLong)}>
          {isLong ? 'Show fewer' : `Show ${values.length - firstValues} more`}
        </button>
      )}
      {missing > 0 && isLong && <p className="quiet">and {formatNumber(missing)} other values</p>}
    </section>
  );
}

/** A field for the key of another facet. */
function PinKey({ service, onPin }: { readonly service: string; readonly onPin: (key: string) => void }) {
  const id = useId();
  const keys = useQuery({
    queryKey: ['attribute-keys', service],
    queryFn: ({ signal }) =>
      get<AttributeKeysResponse>(
        `attribute-keys${service === '' ? '' : `?${new URLSearchParams({ service }).toString()}`}`,
        signal,
      ),
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get('key') ?? '').trim();
    event.currentTarget.reset();
    if (key !== '') onPin(key);
  };
  return (
    <form className="row facet-pin" onSubmit={submit}>
      <input
        name="key"
        list={id}
        placeholder="Attribute key"
        aria-label="Key to pin"
        maxLength={1000}
        size={12}
        autoComplete="off"
      />
      <button type="submit">Pin</button>
      <datalist id={id}>
        {[...new Set(keys.data?.keys.map(({ key }) => key))].slice(0, 200).map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
    </form>
  );
}

function noteOf({ traces, spans, isComplete }: FacetsResponse): string {
  if (isComplete) return 'Numbers of traces with a matching span that has the value.';
  return `Numbers of traces in a sample of ${formatNumber(spans)} matching spans of ${formatNumber(traces)} traces, spread over the range.`;
}

/** Whether facets have room beside the results. Elsewhere they are closed at first. */
function isWide(): boolean {
  return matchMedia('(min-width: 801px)').matches;
}
