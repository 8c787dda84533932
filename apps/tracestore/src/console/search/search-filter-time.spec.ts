import { describe, expect, it } from 'vitest';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { filterOf } from './search-filter.js';

/** Of the processor, so that a busy machine does not matter. */
function cpuMsOf(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('a condition of an attribute', () => {
  it.each([
    ['blanks before a quotation mark', `${' '.repeat(10_000)}"`],
    ['blanks within a key', `a${' '.repeat(10_000)}"`],
    ['backslashes in quotation marks', `"${'\\\\'.repeat(5_000)}`],
    ['a quotation mark that does not end', `"${'a'.repeat(10_000)}`],
  ])('takes no long time to refuse for %s', (_, condition) => {
    const cpuMs = cpuMsOf(() => expect(() => filterOf({ attribute: [condition] })).toThrow(TracestoreError));
    expect(cpuMs).toBeLessThan(500);
  });
});
