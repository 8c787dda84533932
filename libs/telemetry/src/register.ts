/**
 * Starts tracing before the program that is traced: `node --import @spandrel/telemetry/register main.js`.
 * Everything that OpenTelemetry's own variables say (`OTEL_*`) holds; spans alone are exported.
 *
 * No loader hook is installed: Node's own modules and CommonJS packages are patched when they are
 * required, and Nest's class is handed to its instrumentation. Loaded any later than by `--import`,
 * it would miss what `main.js` has imported by then.
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
      // TypeORM calls its driver `postgres`; the convention's name for the system is `postgresql`.
      responseHook: (span) => span.setAttribute('db.system.name', 'postgresql'),
    }),
    new PgInstrumentation({ requireParentSpan: true }),
  ],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
onShutdown(() => sdk.shutdown());
