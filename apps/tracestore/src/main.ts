import { setFlagsFromString } from 'node:v8';
import { startService } from '@spandrel/service';
import { compressedPaths, serverLimitsOf } from './config/server-limits.js';
import { readTracestoreConfig } from './config/tracestore.config.js';
import { DatabaseService } from './database/database.service.js';
import { TracestoreModule } from './tracestore.module.js';

// Live objects are few under any load. By default, V8 would let the heap quadruple before a garbage collection.
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
    description: 'Receives traces over OTLP and stores them in PostgreSQL',
    module: TracestoreModule.forRoot(tracestore),
    trustedProxies: tracestore.access.trustedProxies,
    limits: serverLimitsOf(tracestore),
    compressedPaths,
  }),
  (app) => app.get(DatabaseService, { strict: false }).started(),
);
