import { parseEnvironment } from '@spandrel/service';
import { describe, expect, it } from 'vitest';
import { lifecycleConfigOf, lifecycleVariables } from './lifecycle.config.js';

const read = (environment: Readonly<Record<string, string>>) =>
  lifecycleConfigOf(parseEnvironment(lifecycleVariables, environment));

describe('the configuration of the lifecycle', () => {
  it('keeps figures and digests as long as spans, unless told otherwise', () => {
    expect(read({ TRACESTORE_RETENTION: '12h', TRACESTORE_ROLLUP_RETENTION: '400d' })).toMatchObject({
      retentionMs: 43_200_000,
      ledgerRetentionMs: 43_200_000,
      rollupRetentionMs: 34_560_000_000,
    });
  });

  it.each(['30', 'd', '0d', '1.5h', '-1h', '59m', '36501d', '1 h'])('refuses %o with what it should be', (value) => {
    expect(() => read({ TRACESTORE_RETENTION: value })).toThrow(
      'should be a time such as 30d, 12h or 90m, at least 1h and at most 36500d',
    );
  });
});
