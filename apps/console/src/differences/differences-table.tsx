import { Link } from 'wouter';
import type { AttributeDifference, DifferencesResponse } from '../api/types.ts';
import { formatValue } from '../charts/format-value.ts';
import { formatNumber } from '../format/number.ts';
import type { SearchParameters } from '../search/search-parameters.ts';
import { conditionOf } from './differences-address.ts';

/** Values that differ, the strongest difference first. A value is a link to a search for traces that have it. */
export function DifferencesTable({
  response: { inside, outside, differences },
  addressOf,
}: {
  readonly response: DifferencesResponse;
  /** @param isSelected whether to search for selected traces, or for any trace */
  readonly addressOf: (condition: Partial<Omit<SearchParameters, 'order'>>, isSelected: boolean) => string;
}) {
  return (
    <div className="data-table-scroll">
      <table className="data-table differences" aria-label="Differences">
        <thead>
          <tr>
            <th scope="col">Attribute</th>
            <th scope="col">Value</th>
            <th scope="col">Selected</th>
            <th scope="col">Others</th>
          </tr>
        </thead>
        <tbody>
          {differences.map((difference) => {
            const { level, key, value, range } = difference;
            const condition = conditionOf(difference);
            return (
              <tr key={JSON.stringify([level, key, value, range])}>
                <td>
                  <bdi>{key}</bdi> {level !== 'field' && level !== 'span' && <small className="quiet">{level}</small>}
                </td>
                <td className="difference-value">
                  {condition === undefined ? (
                    <bdi>{valueText(difference)}</bdi>
                  ) : (
                    <Link
                      href={addressOf(condition, difference.effect > 0)}
                      title={`Search for ${difference.effect > 0 ? 'the selected traces' : 'traces'} with this value`}
                    >
                      <bdi>{valueText(difference)}</bdi>
                    </Link>
                  )}
                </td>
                <Share className="colour-accent" count={difference.inside} total={inside.traces} />
                <Share className="colour-quiet" count={difference.outside} total={outside.traces} />
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Share({
  className,
  count,
  total,
}: {
  readonly className: string;
  readonly count: number;
  readonly total: number;
}) {
  const share = count / total;
  return (
    <td className="difference-share">
      <span className="share-bar" aria-hidden="true">
        {count > 0 && <i className={className} style={{ width: `${share * 100}%` }} />}
      </span>
      <span className="share-text">
        <b>{formatValue(share, 'share')}</b>{' '}
        <small className="quiet">
          {formatNumber(count)}/{formatNumber(total)}
        </small>
      </span>
    </td>
  );
}

/** A value as text. An empty string has quotation marks, so that it can be seen. */
function valueText({ value, range }: AttributeDifference): string {
  if (range !== null) {
    if (range.min === null) return `< ${range.max}`;
    return range.max === null ? `≥ ${range.min}` : `≥ ${range.min} and < ${range.max}`;
  }
  if (value === null) return 'any value';
  return value === '' ? '""' : value;
}
