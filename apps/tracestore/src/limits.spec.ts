import { describe, expect, it } from 'vitest';
import { type Limit, limits } from './limits.js';

const introduction = `# Limits

The limits of spans, requests, connections, clients and the process, and what a client sees at each. tracestore enforces
every row; \`apps/tracestore/src/limits.ts\` is the source, and \`npm run generate\` writes this page.

Where a variable sets a limit, the table shows the default. Announced lengths do not count: bytes count when they arrive.`;

const scopes = [
  ['span', 'A span', 'Only the span above such a limit is rejected: `partial_success` counts and names it.'],
  ['request', 'A request', 'The whole request above such a limit is refused, before anything is stored.'],
  ['connection', 'A connection', 'Other connections are not affected.'],
  [
    'client',
    'A client',
    'A client is an IPv4 address, or a /64 network of IPv6. Clients behind one proxy count as one.',
  ],
  ['process', 'The process', 'These limits apply to all clients together.'],
] as const;

describe('docs/limits.md', () => {
  // `npm run generate` writes it.
  it('lists every limit of the table, with its value and what happens there', async () => {
    const all: readonly Limit[] = Object.values(limits);
    const sections = scopes.flatMap(([scope, title, note]) => {
      const own = all.filter((limit) => limit.scope === scope);
      return own.length === 0 ? [] : [`## ${title}`, note, table(own)];
    });
    await expect(`${[introduction, ...sections].join('\n\n')}\n`).toMatchFileSnapshot('../../../docs/limits.md');
  });
});

function table(rows: readonly Limit[]): string {
  const lines = rows.map(({ where, counts, value, unit, variable, atBound }) =>
    [where, counts, amount(value, unit), variable === undefined ? 'fixed' : `\`${variable}\``, atBound].join(' | '),
  );
  return ['Where | What is counted | At most | Set by | At the limit', '--- | --- | ---: | --- | ---', ...lines]
    .map((line) => `| ${line} |`)
    .join('\n');
}

function amount(value: number, unit: Limit['unit']): string {
  if (unit === 'ms' && value % 86_400_000 === 0) return `${value / 86_400_000} d`;
  if (unit === 'ms') return value % 1000 === 0 ? `${value / 1000} s` : `${value} ms`;
  if (unit === 'count') return value.toLocaleString('en-US');
  const mebibytes = value / (1024 * 1024);
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : `${value / 1024} KiB`;
}
