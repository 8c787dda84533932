/**
 * `npm run test:jaeger -- [--version V | --source FOLDER] [--binary FILE] [--verbose] [--json]`: runs the
 * integration suite of Jaeger for remote storage, from the Go module proxy, against tracestore. Exits with 0 when all
 * tests pass. It writes to a temporary folder only. Jaeger uses its fixed ports 4317, 4318, 8888, 13133, 16685 and 16686.
 *
 * The suite needs an endpoint that empties the store before each test. tracestore has none, so this script serves it.
 */
import { createServer } from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '@spandrel/testing/free-port';
import { removeFolder } from '@spandrel/embedded/unprivileged';
import { findPostgresForTests } from '@spandrel/testing/postgres-for-tests';
import { fetchJaegerModule, hasGo, placeJaeger, runJaegerTest } from './jaeger-module.ts';
import { startPurgeableStore } from './purgeable-store.ts';

const { values } = parseArgs({
  options: {
    version: { type: 'string', default: 'latest' },
    // A checkout of Jaeger instead of its module, since the proxy has few versions.
    source: { type: 'string' },
    // An existing build; without it, the build takes minutes.
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
  // The suite fails when a connection stays open.
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
  const counts = { version: jaeger.version, passed: count('pass'), failed: count('fail'), skipped: count('skip') };
  if (values.json) process.stdout.write(`${JSON.stringify({ ...counts, tests: results })}\n`);
  else for (const { name, outcome } of results) process.stdout.write(`${outcome}  ${name}\n`);
  say(`Jaeger ${counts.version}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = exitCode === 0 && counts.passed > 0 && counts.failed + counts.skipped === 0 ? 0 : 1;
} finally {
  purger.close();
  await store.stop();
  await postgres.release();
  if (source === undefined) removeFolder(path.dirname(jaeger.folder));
}
