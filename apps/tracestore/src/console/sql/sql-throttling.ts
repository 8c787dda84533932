import type { ThrottlerModuleOptions } from '@nestjs/throttler';
import { clientOf } from '@spandrel/service';
import type { TracestoreConfig } from '../../config/tracestore.config.js';
import { minuteMs } from '../../duration.js';

/** Limits the SQL queries of each client to `sqlPerMinute`. An IPv6 network counts as one client. */
export function sqlThrottling({ console }: Pick<TracestoreConfig, 'console'>) {
  return {
    throttlers: [{ ttl: minuteMs, limit: console.sqlPerMinute }],
    getTracker: ({ ip }: Record<string, unknown>) => clientOf(String(ip)),
    errorMessage: `Too many requests: this client may send ${console.sqlPerMinute} SQL queries per minute`,
  } satisfies ThrottlerModuleOptions;
}
