import type { QueryResponse } from '../api/types.ts';
import { formatValue, numberOf } from '../charts/format-value.ts';
import { recordsOf } from '../dashboards/use-dashboards.ts';
import { tracesAddress } from '../dashboards/traces-address.ts';

/** A significant change of an operation, as text. */
export interface Change {
  readonly service: string;
  readonly operation: string;
  /** `fails more often` */
  readonly what: string;
  /** `2 % → 31 %` */
  readonly values: string;
  /** `other` for a change of the request rate, which is neither better nor worse. */
  readonly tone: 'worse' | 'better' | 'other';
  /** URL of a search for traces that show the change. */
  readonly address: string;
}

/** Convert the rows of changes.sql. @param toMs the end of the compared range, in milliseconds since 1970 */
export function changesOf(result: QueryResponse, toMs: number): readonly Change[] {
  return recordsOf(result).map((row) => {
    const number = (name: string): number | undefined => numberOf(row[name]);
    const service = String(row['service_name']);
    const operation = String(row['span_name']);
    const isMore = (number('z_score') ?? 0) > 0;
    const sinceMs = Date.parse(String(row['since']));
    const now = { service, operation, fromMs: sinceMs, toMs };
    const arrow = (
      before: number | undefined,
      after: number | undefined,
      unit: 'share' | 'milliseconds' | 'requestsPerSecond',
      name = '',
    ) =>
      `${before === undefined ? '–' : formatValue(before, unit, name)} → ${after === undefined ? '–' : formatValue(after, unit, name)}`;
    switch (row['changed']) {
      case 'errors':
        return {
          service,
          operation,
          what: isMore ? 'fails more often' : 'fails less often',
          values: arrow(number('error_rate_before'), number('error_rate'), 'share'),
          tone: isMore ? 'worse' : 'better',
          address: tracesAddress({ ...now, isFailed: isMore }),
        };
      case 'durations':
        return {
          service,
          operation,
          what: isMore ? 'is slower' : 'is faster',
          values: `p95 ${arrow(number('p95_ms_before'), number('p95_ms'), 'milliseconds', 'p95_ms')}`,
          tone: isMore ? 'worse' : 'better',
          address: tracesAddress({ ...now, minMs: isMore ? number('p95_ms_before') : undefined }),
        };
      default: {
        const [before = 0, after = 0] = [number('calls_per_second_before'), number('calls_per_second')];
        const what =
          before === 0
            ? 'is new'
            : after === 0
              ? 'is no longer called'
              : isMore
                ? 'is called more often'
                : 'is called less often';
        return {
          service,
          operation,
          what,
          values: arrow(before, after, 'requestsPerSecond'),
          tone: 'other',
          // An operation that is no longer called has traces only in the earlier period.
          address: tracesAddress(after === 0 ? { ...now, fromMs: sinceMs - 3_600_000, toMs: sinceMs } : now),
        };
      }
    }
  });
}
