import { describe, expect, it } from 'vitest';
import { type Limit, limits } from './limits.js';

const introduction = `# Limits

What a request, a connection, a client and the process may take, and what happens at the bound. tracestore enforces
every row; \`apps/tracestore/src/limits.ts\` is the source, and \`npm run generate\` writes this page.

A bound that a variable sets shows its default. No bound depends on what a client announces: bytes count when they
arrive.`;

const scopes = [
  ['span', 'A span', 'A span beyond one of these bounds is rejected alone: `partial_success` counts and names it.'],
  ['request', 'A request', 'A request beyond one of these bounds is refused whole, before anything is stored.'],
  ['connection', 'A connection', 'Other connections are not affected.'],
  [
    'client',
    'A client',
    'A client is an IPv4 address, or a /64 network of IPv6. Clients behind one proxy count as one.',
  ],
  ['process', 'The process', 'All clients together.'],
] as const;

describe('docs/limits.md', () => {
  // `npm run generate` writes it.
  it('lists every bound of the table', async () => {
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
  return ['Where | What is counted | At most | Set by | At the bound', '--- | --- | ---: | --- | ---', ...lines]
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
