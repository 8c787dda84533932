import { useState } from 'react';
import { formatNumber } from '../format/number.ts';

interface Sample {
  readonly accepted: number;
  readonly atMs: number;
}

/**
 * Accepted spans per second, between the last two readings.
 *
 * @param accepted the counter of accepted spans at the last reading
 * @param atMs the time of that reading, on the page's clock
 */
export function IngestRate({ accepted, atMs }: Sample) {
  const [[before, last], setSamples] = useState<readonly [before: Sample | undefined, last: Sample]>([
    undefined,
    { accepted, atMs },
  ]);
  // The counter falls when tracestore restarts.
  if (atMs > last.atMs) setSamples([accepted < last.accepted ? undefined : last, { accepted, atMs }]);
  const rate =
    before === undefined ? undefined : ((last.accepted - before.accepted) * 1_000) / (last.atMs - before.atMs);
  return (
    <div className="tile" title="Spans that this tracestore has committed and acknowledged in the last seconds">
      <span className="quiet">Spans per second</span>
      <strong>{rate === undefined ? '…' : formatNumber(Math.round(rate))}</strong>
    </div>
  );
}
