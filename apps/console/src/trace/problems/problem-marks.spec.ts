import { expect, it } from 'vitest';
import type { TraceProblem } from '../../api/types.ts';
import { problemMarks } from './problem-marks.ts';

it('problemMarks joins the texts of a span with several problems, and leaves out problems that rows show already', () => {
  const base = { severity: 'warning', message: '', unit: 'ns', services: [], receivedS: null } as const;
  const problems: readonly TraceProblem[] = [
    { ...base, kind: 'clock_skew', amount: 3e9, spanCount: 1, services: ['a', 'b'], spanIds: ['1'] },
    { ...base, kind: 'repeated_calls', amount: 5, spanCount: 24, services: [], spanIds: ['1', '__proto__'] },
    { ...base, kind: 'missing_parent', amount: 1, spanCount: 1, services: [], spanIds: ['2'] },
  ];
  expect([...problemMarks(problems)]).toEqual([
    ['1', 'clock is 3 s behind, one of 24 calls in sequence'],
    ['__proto__', 'one of 24 calls in sequence'],
  ]);
});
