import { startService } from '@spandrel/service';
import { readTracestoreConfig } from './tracestore.config.js';
import { TracestoreModule } from './tracestore.module.js';

await startService(
  () => {
    const tracestore = readTracestoreConfig();
    return { HOST: tracestore.host, PORT: tracestore.httpPort, LOG_LEVEL: tracestore.logLevel, tracestore };
  },
  ({ tracestore }) => ({
    name: 'tracestore',
    description: 'Takes traces over OTLP and keeps them in PostgreSQL',
    module: TracestoreModule.forRoot(tracestore),
  }),
);
