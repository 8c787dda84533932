import { describeConditions } from './stored-searches.ts';

/**
 * The conditions of the search in one line, for a screen on which the form would hide the results.
 *
 * @param query the query string of the page
 * @param isOpen whether the form is shown
 */
export function SearchSummary({
  query,
  isOpen,
  onToggle,
}: {
  readonly query: string;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}) {
  return (
    <button
      type="button"
      className="search-summary"
      aria-label={`${isOpen ? 'Hide' : 'Edit'} search: ${describeConditions(query)}`}
      aria-expanded={isOpen}
      onClick={onToggle}
    >
      <bdi>{describeConditions(query)}</bdi>
      <span className="quiet">{isOpen ? 'Hide ▴' : 'Edit ▾'}</span>
    </button>
  );
}
