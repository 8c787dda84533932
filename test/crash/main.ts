/**
 * `npm run test:crash -- [--seconds N] [--seed N] [--json]`: repeatedly breaks everything between a sender and the database.
 * Exits with 0 when everything acknowledged is stored exactly once.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { runCrashes } from './crash-run.ts';
import { violations } from './verdict.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: '1' },
    'spans-per-request': { type: 'string', default: '200' },
    'in-flight': { type: 'string', default: '16' },
    json: { type: 'boolean', default: false },
  },
});
if (spawnSync('otelcol', ['--version']).error !== undefined) {
  process.stderr.write('This needs an OpenTelemetry Collector with file_storage, as `otelcol` on the PATH.\n');
  process.exit(2);
}
const stats = await runCrashes(
  {
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    spansPerRequest: Number(values['spans-per-request']),
    requestsInFlight: Number(values['in-flight']),
  },
  (line) => process.stderr.write(`${line}\n`),
);
if (values.json) process.stdout.write(`${JSON.stringify(stats)}\n`);
else for (const [name, value] of Object.entries(stats)) process.stdout.write(`${name.padEnd(24)}${value}\n`);
const violated = violations(stats);
for (const violation of violated) process.stderr.write(`VIOLATED: ${violation}\n`);
process.exitCode = violated.length === 0 ? 0 : 1;
