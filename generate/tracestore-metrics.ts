import { IngestMetricsService } from '../apps/tracestore/src/metrics/ingest-metrics.service.ts';
import { LifecycleMetricsService } from '../apps/tracestore/src/metrics/lifecycle-metrics.service.ts';
import { QueryMetricsService } from '../apps/tracestore/src/metrics/query-metrics.service.ts';
import { StoreMetricsService } from '../apps/tracestore/src/metrics/store-metrics.service.ts';
import { ServiceMetrics } from '../libs/service/src/service-metrics.ts';

/** A registry that has every metric of tracestore, as a running store has them. */
export function tracestoreRegistry(): ServiceMetrics['registry'] {
  const service = new ServiceMetrics();
  const [ingest, store] = [
    new IngestMetricsService(service),
    new StoreMetricsService(service),
    new QueryMetricsService(service),
    new LifecycleMetricsService(service),
  ];
  ingest.observeInFlight(() => 0, 0);
  ingest.observeQueue(() => ({ requests: 0, bytes: 0 }));
  ingest.observeCallLag(() => 0);
  ingest.observeClockOffset(() => 0);
  store.observeState(() => ({ isReady: true, warnings: [] }));
  store.observePools({});
  store.observeSizes(() => undefined);
  return service.registry;
}
