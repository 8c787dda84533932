export { activeSpanIds, activeTraceId } from './active-span.js';
export { probePaths } from './untraced-paths.js';
export { isTracing } from './shutdown.js';
export { traceRequests } from './request.js';
export { TelemetryModule } from './telemetry.module.js';
