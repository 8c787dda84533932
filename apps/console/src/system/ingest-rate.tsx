import { useState } from 'react';

const maxSamples = 90;
const width = 160;
const height = 32;

interface Sample {
  readonly accepted: number;
  readonly atMs: number;
}

/**
 * Accepted spans per second, now and over the last minutes.
 *
 * @param accepted the counter of accepted spans at the last reading
 * @param atMs the time of that reading, on the page's clock
 */
export function IngestRate({ accepted, atMs }: Sample) {
  const [samples, setSamples] = useState<readonly Sample[]>([{ accepted, atMs }]);
  const last = samples.at(-1);
  if (last !== undefined && atMs > last.atMs) {
    // The counter falls when tracestore restarts.
    const previous = accepted < last.accepted ? [] : samples.slice(1 - maxSamples);
    setSamples([...previous, { accepted, atMs }]);
  }
  const rates = samples.slice(1).map((sample, n) => {
    const before = samples[n] ?? sample;
    return ((sample.accepted - before.accepted) * 1_000) / (sample.atMs - before.atMs);
  });
  const rate = rates.at(-1);
  const highest = Math.max(...rates, 1);
  const points = rates.map((each, n) => {
    const x = width - ((rates.length - 1 - n) * width) / (maxSamples - 2);
    return `${x.toFixed(1)},${(height - 2 - (each / highest) * (height - 4)).toFixed(1)}`;
  });
  return (
    <div className="tile" title="Spans that this tracestore has committed and acknowledged">
      <span className="quiet">Spans per second</span>
      <strong>{rate === undefined ? '…' : Math.round(rate).toLocaleString()}</strong>
      <svg className="rate" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        <polyline points={points.join(' ')} />
      </svg>
    </div>
  );
}
