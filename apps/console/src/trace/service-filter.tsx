import { serviceColour } from '../service-colour.ts';
import { isFiltering, type TraceFilter } from './trace-filter.ts';

/** The services of a trace with their colours; those that are pressed are shown, with the way to them. */
export function ServiceFilter(props: {
  readonly services: readonly string[];
  readonly filter: TraceFilter;
  /** How many spans are asked for; undefined for all. */
  readonly matching: number | undefined;
  readonly hasErrors: boolean;
  readonly onFilter: (filter: TraceFilter) => void;
}) {
  const { services, filter, matching, hasErrors, onFilter } = props;
  const toggled = (service: string): readonly string[] =>
    filter.services.includes(service)
      ? filter.services.filter((each) => each !== service)
      : [...filter.services, service];
  return (
    <div className="row service-filter" role="group" aria-label="Show only">
      {services.map((service) => (
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
          <output>{(matching ?? 0).toLocaleString()} spans</output>
          <button
            type="button"
            className="plain"
            onClick={() => onFilter({ services: [], operation: undefined, onlyErrors: false })}
          >
            Show all
          </button>
        </>
      )}
    </div>
  );
}
