export { activeSpanIds, activeTraceId } from './active-span.js';
export { probePaths } from './probes.js';
export { traceRequests } from './request.js';
export { TelemetryModule } from './telemetry.module.js';
