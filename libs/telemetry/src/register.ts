import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { TypeormInstrumentation } from '@opentelemetry/instrumentation-typeorm';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { NestRouteInstrumentation } from './nest.instrumentation.js';
import { probePaths } from './probes.js';
import { onShutdown } from './shutdown.js';

const sdk = new NodeSDK({
  instrumentations: [
    new HttpInstrumentation({ ignoreIncomingRequestHook: (request) => probePaths.has(request.url ?? '') }),
    new NestRouteInstrumentation(),
    new TypeormInstrumentation(),
    new PgInstrumentation({ requireParentSpan: true }),
  ],
  metricReaders: [],
  logRecordProcessors: [],
});
sdk.start();
onShutdown(() => sdk.shutdown());
