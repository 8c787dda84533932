import type { ReactNode } from 'react';
import { formatValue, type Unit } from './format-value.ts';
import { NoData } from './no-data.tsx';
import { seriesClass } from './use-colours.ts';

export interface Slice {
  readonly name: string;
  readonly value: number;
}

const maxSlices = 12;
const radius = 46;
const hole = 26;

/** Keep the largest slices and sum the others. */
export function fewSlices(slices: readonly Slice[]): readonly Slice[] {
  const sorted = slices.filter(({ value }) => value > 0).toSorted((a, b) => b.value - a.value);
  if (sorted.length <= maxSlices) return sorted;
  const rest = sorted.slice(maxSlices - 1).reduce((sum, { value }) => sum + value, 0);
  return [...sorted.slice(0, maxSlices - 1), { name: 'others', value: rest }];
}

/**
 * A pie chart as a ring, with a table of its values.
 *
 * @param noData shown if no value is above 0
 * @param linkOf renders a name in the table
 */
export function Pie({
  title,
  slices,
  unit,
  services,
  noData,
  linkOf,
  onPick,
}: {
  readonly title: string;
  readonly slices: readonly Slice[];
  readonly unit: Unit | undefined;
  readonly services: ReadonlySet<string>;
  readonly noData?: string | undefined;
  readonly linkOf: (name: string) => ReactNode;
  readonly onPick: (name: string) => void;
}) {
  const shown = fewSlices(slices);
  const total = shown.reduce((sum, { value }) => sum + value, 0);
  const before = shown.map((_, n) => shown.slice(0, n).reduce((sum, { value }) => sum + value, 0));
  if (total === 0) return <NoData>{noData}</NoData>;
  return (
    <div className="pie">
      <svg viewBox="-50 -50 100 100" role="img" aria-label={`${title}: ${formatValue(total, unit)} total`}>
        {shown.map(({ name, value }, n) => (
          <path
            key={name}
            className={`picks ${seriesClass(name, n, services)}`}
            d={ringPart((before[n] ?? 0) / total, ((before[n] ?? 0) + value) / total)}
            onClick={() => onPick(name)}
          >
            <title>{`${name}: ${formatValue(value, unit)} (${formatValue(value / total, 'share')})`}</title>
          </path>
        ))}
        <text y="3">{formatValue(total, unit)}</text>
      </svg>
      <table className="data-table">
        <tbody>
          {shown.map(({ name, value }, n) => (
            <tr key={name}>
              <td>
                <i className={`dot ${seriesClass(name, n, services)}`} aria-hidden="true" /> {linkOf(name)}
              </td>
              <td className="right">{formatValue(value, unit)}</td>
              <td className="right">{formatValue(value / total, 'share')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The path of a ring segment between two shares, clockwise from the top. */
function ringPart(from: number, to: number): string {
  const at = (share: number, distance: number): string =>
    `${distance * Math.sin(2 * Math.PI * share)} ${-distance * Math.cos(2 * Math.PI * share)}`;
  // An arc that ends at its start would draw nothing.
  const end = Math.min(to, from + 0.9999);
  const isLarge = end - from > 0.5 ? 1 : 0;
  return [
    `M ${at(from, radius)}`,
    `A ${radius} ${radius} 0 ${isLarge} 1 ${at(end, radius)}`,
    `L ${at(end, hole)}`,
    `A ${hole} ${hole} 0 ${isLarge} 0 ${at(from, hole)}`,
    'Z',
  ].join(' ');
}
