import type { TraceSummary } from '../../query/summarize-traces/summarize-traces.js';

/** Returns the fields of `jaeger.storage.v2.TraceSummary`, except id and times. */
export function countsOfSummary({ root, spanCount, errorCount, orphanCount, services }: TraceSummary) {
  return {
    rootServiceName: root?.serviceName ?? '',
    rootOperationName: root?.spanName ?? '',
    spanCount,
    errorSpanCount: errorCount,
    orphanSpanCount: orphanCount,
    services: services.map((service) => ({
      name: service.name,
      spanCount: service.spanCount,
      errorSpanCount: service.errorCount,
    })),
  };
}
