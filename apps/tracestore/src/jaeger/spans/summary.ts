import type { TraceSummary } from '../../query/summarize-traces/summarize-traces.js';

/** What Jaeger says of a trace in a summary, by the names of `jaeger.storage.v2.TraceSummary`; but its id and times. */
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
