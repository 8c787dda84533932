import { setFlagsFromString } from 'node:v8';
import { startService } from '@spandrel/service';
import { serverLimitsOf } from './config/server-limits.js';
import { readTracestoreConfig } from './config/tracestore.config.js';
import { TracestoreModule } from './tracestore.module.js';

// What is alive is little and steady, whatever comes in. V8 would let it quadruple before it collects.
setFlagsFromString('--heap-growing-percent=40');

await startService(
  () => {
    const tracestore = readTracestoreConfig();
    return {
      HOST: tracestore.host,
      PORT: tracestore.httpPort,
      LOG_LEVEL: tracestore.logLevel,
      SHUTDOWN_DELAY_MS: tracestore.shutdownDelayMs,
      tracestore,
    };
  },
  ({ tracestore }) => ({
    name: 'tracestore',
    description: 'Takes traces over OTLP and keeps them in PostgreSQL',
    module: TracestoreModule.forRoot(tracestore),
    trustedProxies: tracestore.access.trustedProxies,
    limits: serverLimitsOf(tracestore),
  }),
);
