/**
 * `npm run test:jaeger -- [--version V | --source FOLDER] [--binary FILE] [--verbose] [--json]`: runs Jaeger's own integration suite for
 * remote storage, as the Go module proxy has it, against tracestore, and ends with 0 if all of it passed. Writes
 * nothing but a temporary folder. Jaeger's process takes the ports that it always takes (4317, 4318, 8888, 13133, 16685,
 * 16686).
 *
 * The suite wants an endpoint that empties the store before each test. The product has none: it is here.
 */
import { createServer } from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../stack/free-port.ts';
import { removeFolder } from '../../stack/unprivileged.ts';
import { findPostgresForTests } from '../postgres-for-tests.ts';
import { fetchJaegerModule, hasGo, placeJaeger, runJaegerTest } from './jaeger-module.ts';
import { startPurgeableStore } from './purgeable-store.ts';

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: 'latest' },
    // A checkout of Jaeger in place of its module: the proxy has few of its versions.
    source: { type: 'string' },
    // One that was built before; otherwise it is built, which takes minutes.
    binary: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const detail = values.verbose ? say : () => undefined;

if (!hasGo()) {
  say("This needs Go on the PATH (https://go.dev/dl): Jaeger's suite is written in it.");
  process.exit(2);
}
const { source } = values;
if (source === undefined) say(`Fetching Jaeger (${values.version}) from the Go module proxy`);
const jaeger = source === undefined ? fetchJaegerModule(values.version) : { version: source, folder: source };
const postgres = await findPostgresForTests();
const store = await startPurgeableStore(postgres.url, say);
const purger = createServer((_request, response) => {
  // The suite fails when it leaves a connection behind.
  response.setHeader('connection', 'close');
  store.purge().then(
    () => response.end(),
    (error: unknown) => {
      say(String(error));
      response.writeHead(500).end(String(error));
    },
  );
});
const purgerPort = await freePort();
purger.listen(purgerPort, '127.0.0.1');
try {
  say(`Jaeger ${jaeger.version}: ${values.binary === undefined ? 'building it' : `using ${values.binary}`}`);
  placeJaeger(jaeger, values.binary);
  say('Running its suite for remote storage against tracestore');
  const { results, exitCode } = await runJaegerTest(
    jaeger,
    './cmd/jaeger/internal/integration/',
    'TestGRPCStorage',
    {
      STORAGE: 'grpc',
      CUSTOM_STORAGE: 'true',
      REMOTE_STORAGE_ENDPOINT: `127.0.0.1:${store.jaegerPort}`,
      REMOTE_STORAGE_WRITER_ENDPOINT: `127.0.0.1:${store.jaegerPort}`,
      PURGER_ENDPOINT: `http://127.0.0.1:${purgerPort}/purge`,
    },
    detail,
  );
  const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
  const figures = { version: jaeger.version, passed: count('pass'), failed: count('fail'), skipped: count('skip') };
  if (values.json) process.stdout.write(`${JSON.stringify({ ...figures, tests: results })}\n`);
  else for (const { name, outcome } of results) process.stdout.write(`${outcome}  ${name}\n`);
  say(`Jaeger ${figures.version}: ${figures.passed} passed, ${figures.failed} failed, ${figures.skipped} skipped`);
  process.exitCode = exitCode === 0 && figures.passed > 0 && figures.failed + figures.skipped === 0 ? 0 : 1;
} finally {
  purger.close();
  await store.stop();
  await postgres.release();
  if (source === undefined) removeFolder(path.dirname(jaeger.folder));
}
