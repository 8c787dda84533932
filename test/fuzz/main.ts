/**
 * `npm run test:fuzz -- [--requests N] [--seconds N] [--seed N] [--protocols a,b] [--only N] [--json]`: sends requests of
 * all protocols, most of them damaged. Exits with 0 when tracestore violates no guarantee; README.md in this folder lists
 * them.
 */
import { parseArgs } from 'node:util';
import { layOut } from '../../stack/table.ts';
import { type FuzzStats, runFuzz } from './fuzz-run.ts';
import { protocols } from './protocols/index.ts';
import { violations } from './verdict.ts';

/** Memory in addition to heap and requests: rows, the young generation, stacks and buffers. The sum is the 512 Mi of the chart. */
const otherMb = 288;
/** The mapped pages of the program file. They are part of the RSS of the process, but do not count for a container. */
const programMb = 60;
const mebibyte = 1024 * 1024;
const maxShownFindings = 20;
const columns = [
  { title: 'protocol', align: 'left' },
  { title: 'requests', align: 'right' },
  { title: 'acknowledged', align: 'right' },
  { title: 'slowest', align: 'right' },
  { title: 'outcomes', align: 'left' },
] as const;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '86400' },
    seed: { type: 'string', default: '1' },
    protocols: { type: 'string', default: protocols.map(({ name }) => name).join(',') },
    only: { type: 'string' },
    time: { type: 'string', default: String(Date.now()) },
    'in-flight': { type: 'string', default: '48' },
    'port-offset': { type: 'string' },
    heap: { type: 'string', default: '160' },
    'max-bytes-in-flight': { type: 'string', default: String(64 * mebibyte) },
    'max-rss-mb': { type: 'string' },
    'max-witness-ms': { type: 'string', default: '500' },
    'any-witness-time': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const chosen = values.protocols.split(',');
const unknown = chosen.filter((name) => protocols.every((protocol) => protocol.name !== name));
if (unknown.length > 0) {
  const known = protocols.map(({ name }) => name).join(', ');
  process.stderr.write(`--protocols must be a list of ${known}, got ${unknown.join(', ')}\n`);
  process.exit(2);
}
const heapMb = Number(values.heap);
const maxBytesInFlight = Number(values['max-bytes-in-flight']);
const bounds = {
  maxRssMb:
    values['max-rss-mb'] === undefined
      ? (heapMb === 0 ? 2_048 : heapMb) + Math.ceil(maxBytesInFlight / mebibyte) + otherMb + programMb
      : Number(values['max-rss-mb']),
  maxWitnessMs: values['any-witness-time'] ? undefined : Number(values['max-witness-ms']),
};
const stats = await runFuzz(
  {
    seed: Number(values.seed),
    requests: Number(values.requests),
    seconds: Number(values.seconds),
    protocols: chosen,
    ...(values.only !== undefined && { only: Number(values.only) }),
    timeMs: Number(values.time),
    requestsInFlight: Number(values['in-flight']),
    portOffset: values['port-offset'] === undefined ? undefined : Number(values['port-offset']),
    heapMb,
    maxBytesInFlight,
    slowMs: Number(values['max-witness-ms']),
  },
  (line) => process.stderr.write(`${line}\n`),
);
const violated = violations(stats, bounds);
if (values.json) process.stdout.write(`${JSON.stringify({ ...stats, bounds, violations: violated })}\n`);
else process.stdout.write(`${report(stats)}\n`);
for (const violation of violated.slice(0, maxShownFindings)) process.stderr.write(`VIOLATED: ${violation}\n`);
process.exitCode = violated.length === 0 ? 0 : 1;

function report({ protocols: byProtocol, witness, findings, slowRequests, ...rest }: FuzzStats): string {
  const rows = Object.entries(byProtocol).map(([name, { requests, acknowledged, outcomes, slowestMs }]) => [
    name,
    String(requests),
    String(acknowledged),
    `${slowestMs} ms`,
    Object.entries(outcomes)
      .toSorted(([, left], [, right]) => right - left)
      .map(([outcome, count]) => `${outcome}: ${count}`)
      .join(', '),
  ]);
  const numbers = Object.entries(rest).filter(([, value]) => typeof value === 'number');
  const shown = [...findings.slice(0, maxShownFindings), ...slowRequests].map(
    ({ kind, count, title, detail, reproduction, file }) =>
      [
        `${count} × ${kind}`,
        ...[title, detail, reproduction, file]
          .filter((line) => line !== '')
          .map((line) => `    ${line.replaceAll(/\s+/g, ' ')}`),
      ].join('\n'),
  );
  const errors = Object.entries(rest.loggedErrors).map(([kind, count]) => `    ${count} × ${kind}`);
  return [
    ...layOut(columns, rows),
    ...numbers.map(([name, value]) => `${name.padEnd(24)}${String(value)}`),
    `healthy client          ${JSON.stringify(witness)}`,
    ...(errors.length === 0 ? [] : ['logged as errors', ...errors]),
    ...shown,
  ].join('\n');
}
