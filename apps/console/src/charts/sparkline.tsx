import './charts.css';

const width = 100;
const height = 24;

/** A line without axes, for a cell of a table that says the value beside it. @param values null where there is none */
export function Sparkline({
  values,
  className,
}: {
  readonly values: readonly (number | null)[];
  readonly className: string;
}) {
  const most = Math.max(...values.map((value) => value ?? 0));
  const at = (value: number, n: number): string => {
    const x = (n / Math.max(values.length - 1, 1)) * width;
    return `${x.toFixed(1)} ${(height - 1 - (value / (most > 0 ? most : 1)) * (height - 2)).toFixed(1)}`;
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
          {/* One value alone is a line as well, if a short one. */}
          <path d={`M ${part.map((n) => at(values[n] ?? 0, n)).join(' L ')} h 0.5`} />
        </g>
      ))}
    </svg>
  );
}

/** The indexes of values that follow each other without a gap. */
function partsOf(values: readonly (number | null)[]): readonly (readonly number[])[] {
  const parts: number[][] = [];
  values.forEach((value, n) => {
    if (value === null) return;
    if (n > 0 && values[n - 1] !== null) parts.at(-1)?.push(n);
    else parts.push([n]);
  });
  return parts;
}
