/**
 * Starts tracing before the traced program: `node --import @spandrel/telemetry/register main.js`.
 * OpenTelemetry's own variables (`OTEL_*`) configure it. Only spans are exported.
 *
 * There is no loader hook: Node's own modules and CommonJS packages are patched when they are required, and Nest's
 * instrumentation gets Nest's class. Without `--import`, modules that `main.js` has imported before would not be traced.
 */
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { TypeormInstrumentation } from '@opentelemetry/instrumentation-typeorm';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { NestControllerInstrumentation } from './nest.instrumentation.js';
import { onShutdown } from './shutdown.js';
import { isUntraced } from './untraced-paths.js';

const sdk = new NodeSDK({
  instrumentations: [
    new HttpInstrumentation({ ignoreIncomingRequestHook: (request) => isUntraced(request.url) }),
    new NestControllerInstrumentation(),
    new TypeormInstrumentation({
      // TypeORM's name of the driver is `postgres`; the semantic conventions name the system `postgresql`.
      responseHook: (span) => span.setAttribute('db.system.name', 'postgresql'),
    }),
    new PgInstrumentation({ requireParentSpan: true }),
  ],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
onShutdown(() => sdk.shutdown());
