import { expect, it } from 'vitest';
import { serviceHistoryOf, versionMarksOf } from './service-history.ts';

const nano = (ms: number): string => `${ms}000000`;

it('serviceHistoryOf divides counts by the seconds of a step that are over, and fills steps without calls', () => {
  const measured = { p50Ms: 1, p95Ms: 2, p99Ms: 3 };
  const { rate, errors, durations } = serviceHistoryOf({
    stepMs: 10_000,
    steps: [
      { timeUnixNano: nano(1_700_000_000_000), seconds: 10, calls: 20, errors: 5, ...measured },
      { timeUnixNano: nano(1_700_000_010_000), seconds: 10, calls: 10, errors: 0, ...measured },
      { timeUnixNano: nano(1_700_000_030_000), seconds: 5, calls: 10, errors: 0, ...measured },
    ],
  });
  expect(rate.series).toEqual([
    { name: 'requests', values: [2, 1, 0, 2] },
    { name: 'failed', values: [0.5, 0, 0, 0] },
  ]);
  expect(errors.series).toEqual([{ name: 'failed', values: [0.25, 0, null, 0] }]);
  expect(durations.series.map(({ name }) => name)).toEqual(['p99', 'p95', 'p50']);
  expect(serviceHistoryOf({ stepMs: 0, steps: [] }).rate.series).toEqual([]);
});

it('versionMarksOf marks only the versions that began in the range', () => {
  const at = nano(1_700_000_000_123);
  expect(
    versionMarksOf({
      versions: [
        { version: '1.0', firstSeenUnixNano: nano(1_700_000_000_000), isNew: false },
        { version: '1.1', firstSeenUnixNano: at, isNew: true },
      ],
    }),
  ).toEqual([{ timeMs: 1_700_000_000_123, label: '1.1' }]);
});
