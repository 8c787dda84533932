import type { ReactNode } from 'react';
import { formatValue, type Unit } from './format-value.ts';
import { seriesClass } from './use-colours.ts';

export interface Slice {
  readonly name: string;
  readonly value: number;
}

const maxSlices = 12;
const radius = 46;
const hole = 26;

/** The largest slices, and all others as one. */
export function fewSlices(slices: readonly Slice[]): readonly Slice[] {
  const sorted = slices.filter(({ value }) => value > 0).toSorted((a, b) => b.value - a.value);
  if (sorted.length <= maxSlices) return sorted;
  const rest = sorted.slice(maxSlices - 1).reduce((sum, { value }) => sum + value, 0);
  return [...sorted.slice(0, maxSlices - 1), { name: 'others', value: rest }];
}

/** How much each has of the whole, as a ring and as a table. @param linkOf what a name is shown as in the table */
export function Pie({
  title,
  slices,
  unit,
  services,
  linkOf,
  onPick,
}: {
  readonly title: string;
  readonly slices: readonly Slice[];
  readonly unit: Unit | undefined;
  readonly services: ReadonlySet<string>;
  readonly linkOf: (name: string) => ReactNode;
  readonly onPick: (name: string) => void;
}) {
  const shown = fewSlices(slices);
  const total = shown.reduce((sum, { value }) => sum + value, 0);
  const before = shown.map((_, n) => shown.slice(0, n).reduce((sum, { value }) => sum + value, 0));
  return (
    <div className="pie">
      <svg viewBox="-50 -50 100 100" role="img" aria-label={`${title}: ${formatValue(total, unit)} in all`}>
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
      <table className="figures">
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

/** From one share of the ring to another, beginning above. */
function ringPart(from: number, to: number): string {
  const at = (share: number, distance: number): string =>
    `${distance * Math.sin(2 * Math.PI * share)} ${-distance * Math.cos(2 * Math.PI * share)}`;
  // A whole ring ends where it began, which draws nothing.
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
