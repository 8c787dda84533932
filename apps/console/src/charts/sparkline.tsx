import './charts.css';

const width = 100;
const height = 24;

/** A line without axes, for a table cell that also shows the value. @param values null for a gap */
export function Sparkline({
  values,
  className,
}: {
  readonly values: readonly (number | null)[];
  readonly className: string;
}) {
  const max = Math.max(...values.map((value) => value ?? 0));
  const at = (value: number, n: number): string => {
    const x = (n / Math.max(values.length - 1, 1)) * width;
    return `${x.toFixed(1)} ${(height - 1 - (value / (max > 0 ? max : 1)) * (height - 2)).toFixed(1)}`;
  };
  const parts = partsOf(values);
  return (
    <svg
      className={`spark ${className}`}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {parts.map((part) => (
        <g key={part[0]}>
          <path
            className="under"
            d={`M ${at(0, part[0] ?? 0)} L ${part.map((n) => at(values[n] ?? 0, n)).join(' L ')} L ${at(0, part.at(-1) ?? 0)} Z`}
          />
          {/* A single value is drawn as a short line. */}
          <path d={`M ${part.map((n) => at(values[n] ?? 0, n)).join(' L ')} h 0.5`} />
        </g>
      ))}
    </svg>
  );
}

/** The indexes of consecutive values, split at gaps. */
function partsOf(values: readonly (number | null)[]): readonly (readonly number[])[] {
  const parts: number[][] = [];
  values.forEach((value, n) => {
    if (value === null) return;
    if (n > 0 && values[n - 1] !== null) parts.at(-1)?.push(n);
    else parts.push([n]);
  });
  return parts;
}
