export { activeSpanIds, activeTraceId } from './active-span.js';
export { probePaths } from './untraced-paths.js';
export { traceRequests } from './request.js';
export { TelemetryModule } from './telemetry.module.js';
