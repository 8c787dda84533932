import { parseEnvironment } from '@spandrel/service';
import { describe, expect, it } from 'vitest';
import { lifecycleConfigOf, lifecycleVariables } from './lifecycle.config.js';

const read = (environment: Readonly<Record<string, string>>) =>
  lifecycleConfigOf(parseEnvironment(lifecycleVariables, { environment }));

describe('the configuration of the lifecycle', () => {
  it('keeps aggregates and request digests as long as spans by default', () => {
    expect(read({ TRACESTORE_RETENTION: '12h', TRACESTORE_AGGREGATE_RETENTION: '400d' })).toMatchObject({
      retentionMs: 43_200_000,
      ledgerRetentionMs: 43_200_000,
      aggregateRetentionMs: 34_560_000_000,
    });
  });

  it.each(['30', 'd', '0d', '1.5h', '-1h', '59m', '36501d', '1 h'])(
    'refuses the retention %o and says what is valid',
    (value) => {
      expect(() => read({ TRACESTORE_RETENTION: value })).toThrow(
        'TRACESTORE_RETENTION must be a duration such as 30d, 12h, 90m or 45s, from 1h to 36500d, got ',
      );
    },
  );
});
