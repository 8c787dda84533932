/**
 * Starts tracing before the traced program: `node --import @spandrel/telemetry/register main.js`.
 * OpenTelemetry's variables (`OTEL_*`) apply. Only spans are exported.
 *
 * It installs no loader hook: Node's modules and CommonJS packages are patched when they are required, and Nest's class
 * is patched directly. It must be loaded by `--import`, because modules that are imported earlier are not patched.
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
      // TypeORM names its driver `postgres`; the semantic conventions name the system `postgresql`.
      responseHook: (span) => span.setAttribute('db.system.name', 'postgresql'),
    }),
    new PgInstrumentation({ requireParentSpan: true }),
  ],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
onShutdown(() => sdk.shutdown());
