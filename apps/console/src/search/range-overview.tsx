import './range-overview.css';
import { useState } from 'react';
import type { HeatmapResponse, TraceSummary } from '../api/types.ts';
import { counted, formatNumber } from '../format/number.ts';
import { formatMoment } from '../format/time.ts';
import { Failure } from '../failure.tsx';
import { Loading } from '../loading.tsx';
import { writeRange } from '../range/time-range.ts';
import { useAddress } from '../use-address.ts';
import { boundText } from './range-axes.ts';
import { type RangeBox, RangeHeatmap } from './range-heatmap.tsx';
import { type CountedSearch, useCounts } from './use-counts.ts';

/**
 * The whole range of a search above its results: how many traces match, when they started, how long they took and which of
 * them failed. The traces of the list are points in it.
 *
 * @param traces the results so far
 * @param fallback the range of an address without one
 */
export function RangeOverview({
  search,
  traces,
  fallback,
}: {
  readonly search: CountedSearch;
  readonly traces: readonly TraceSummary[];
  readonly fallback: string;
}) {
  const { change } = useAddress();
  const [isHeld, setHeld] = useState(false);
  const heatmap = useCounts<HeatmapResponse>('traces/heatmap', search, isHeld);
  const zoom = (box: RangeBox): void =>
    change(
      {
        ...(box.time === undefined
          ? {}
          : writeRange(
              {
                kind: 'absolute',
                fromMs: Math.floor(box.time.fromMs),
                toMs: Math.max(Math.ceil(box.time.toMs), Math.floor(box.time.fromMs) + 1),
              },
              fallback,
            )),
        ...(box.duration === undefined
          ? {}
          : {
              min: box.duration.minNs <= 0 ? '' : boundText(box.duration.minNs, 'down'),
              max: boundText(box.duration.maxNs, 'up'),
              // The heat map shows the durations of traces.
              duration: undefined,
            }),
        ...(box.isFailed === true ? { status: 'error' } : {}),
        tail: undefined,
      },
      'push',
    );
  const failure = heatmap.isError && <Failure error={heatmap.error} retry={() => void heatmap.refetch()} />;
  if (heatmap.data === undefined) {
    if (search.query === undefined || heatmap.isError) return failure;
    return (
      <Loading
        className="range-overview"
        what="Counting traces"
        queryKey={heatmap.queryKey}
        isFetching={heatmap.isFetching}
        retry={() => void heatmap.refetch()}
      />
    );
  }
  const { counts, bounds } = heatmap.data;
  return (
    <>
      {failure}
      <section
        className="range-overview"
        aria-label="All matching traces"
        aria-busy={heatmap.isPlaceholderData}
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
      >
        <div className="row spread">
          <p role="status">
            <Counts heatmap={counts} />
          </p>
          <p className="quiet range-help">Drag to zoom</p>
        </div>
        <RangeHeatmap
          heatmap={counts}
          traces={traces}
          bounds={search.isFollowing ? bounds : search.time.bounds}
          onZoom={zoom}
        />
        <p className="quiet range-note">
          <span className="range-what">{whatOf(counts)}</span> {estimateOf(counts)}
        </p>
      </section>
    </>
  );
}

function Counts({ heatmap: { source, total, failed, isComplete } }: { readonly heatmap: HeatmapResponse }) {
  const noun = source === 'aggregates' ? 'request' : 'trace';
  const about = isComplete ? '' : 'about ';
  return (
    <>
      <strong>
        {about}
        {counted(total, noun)}
      </strong>
      {', '}
      <span className={failed > 0 ? 'bad' : 'quiet'}>
        {about}
        {formatNumber(failed)} failed
      </span>
    </>
  );
}

/** What is counted, in words. */
function whatOf({ source, to }: HeatmapResponse): string {
  if (source !== 'aggregates')
    return 'Each trace counts once: when it started, how long it took, whether one of its spans failed.';
  const until = formatMoment(Number(BigInt(to) / 1_000_000n));
  return `Each request counts once, by its root span: when it started, how long it took, whether it failed. Counted until ${until}, in whole steps of time.`;
}

/** From which part of the spans the counts are estimated; empty if they are exact. */
function estimateOf({ share, spans, isComplete }: HeatmapResponse): string {
  if (isComplete) return '';
  const percent = share >= 0.1 ? Math.round(share * 100) : Number((share * 100).toPrecision(1));
  return `Estimated from ${percent} % of each step of time (${formatNumber(spans)} spans). A shorter range is exact.`;
}
