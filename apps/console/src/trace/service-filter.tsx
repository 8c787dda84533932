import { useState } from 'react';
import { formatNumber } from '../format/number.ts';
import { serviceColour } from '../service-colour.ts';
import { isFiltering, noFilter, type TraceFilter } from './trace-filter.ts';

/** With more services, the others are shown on request. */
const fewServices = 12;

/** Buttons for the services and errors of a trace. Spans of the pressed ones are shown, with their ancestors. */
export function ServiceFilter(props: {
  readonly services: readonly string[];
  readonly filter: TraceFilter;
  /** The number of matching spans; undefined without a filter. */
  readonly matchCount: number | undefined;
  readonly hasErrors: boolean;
  readonly onFilter: (filter: TraceFilter) => void;
}) {
  const { services, filter, matchCount, hasErrors, onFilter } = props;
  const [isLong, setLong] = useState(false);
  // Pressed ones are always shown.
  const shown =
    isLong || services.length <= fewServices + 1
      ? services
      : services.filter((service, n) => n < fewServices || filter.services.includes(service));
  const toggled = (service: string): readonly string[] =>
    filter.services.includes(service)
      ? filter.services.filter((each) => each !== service)
      : [...filter.services, service];
  return (
    <div className="row service-filter" role="group" aria-label="Show only">
      {(hasErrors || filter.onlyErrors) && (
        <button
          type="button"
          className="chip"
          aria-pressed={filter.onlyErrors}
          onClick={() => onFilter({ ...filter, onlyErrors: !filter.onlyErrors })}
        >
          <span className="bad" aria-hidden="true">
            !
          </span>
          errors
        </button>
      )}
      {shown.map((service) => (
        <button
          key={service}
          type="button"
          className="chip"
          aria-pressed={filter.services.includes(service)}
          onClick={() => onFilter({ ...filter, services: toggled(service), operation: undefined })}
        >
          <span className={`dot ${serviceColour(service)}`} aria-hidden="true" />
          <bdi>{service}</bdi>
        </button>
      ))}
      {(isLong || shown.length < services.length) && (
        <button type="button" className="plain" aria-expanded={isLong} onClick={() => setLong(!isLong)}>
          {isLong ? 'Show fewer services' : `Show all ${formatNumber(services.length)} services`}
        </button>
      )}
      {filter.operation !== undefined && (
        <button
          type="button"
          className="chip"
          aria-pressed="true"
          onClick={() => onFilter({ ...filter, operation: undefined })}
        >
          <bdi>{filter.operation}</bdi>
        </button>
      )}
      {isFiltering(filter) && (
        <>
          <output>{formatNumber(matchCount ?? 0)} spans</output>
          <button type="button" className="plain" onClick={() => onFilter(noFilter)}>
            Clear filters
          </button>
        </>
      )}
    </div>
  );
}
