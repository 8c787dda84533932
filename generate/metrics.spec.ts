import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { ServiceMetrics } from '../libs/service/src/service-metrics.ts';
import { describeMetrics, isRuntime, metricsPage } from './metrics.ts';
import { tracestoreRegistry } from './tracestore-metrics.ts';

const page = path.join(path.dirname(import.meta.dirname), 'docs/metrics.md');

const common = describeMetrics(new ServiceMetrics().registry);
const commonNames = new Set(common.map(({ name }) => name));
const tracestore = describeMetrics(tracestoreRegistry()).filter(({ name }) => !commonNames.has(name));

describe('docs/metrics.md', () => {
  // `npm run generate` writes it.
  it('lists every metric of every process', async () => {
    const formatted = await format(metricsPage(common, tracestore), {
      ...(await resolveConfig(page)),
      filepath: page,
    });
    await expect(formatted).toMatchFileSnapshot(page);
  });
});

describe('metrics', () => {
  it('have a base unit, and `_total` if they are counters', () => {
    for (const { name, type } of [...common, ...tracestore].filter((metric) => !isRuntime(metric))) {
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(name, 'milliseconds, minutes and kilobytes are no base units').not.toMatch(
        /_(?:ms|millis\w*|minutes|hours|kb|mb|kib|mib)(?:_|$)/,
      );
    }
  });

  it('have labels from this list, none of which a sender or a client can fill', () => {
    const labels = new Set(tracestore.flatMap((metric) => metric.labels));
    expect([...labels].toSorted()).toEqual([
      'code',
      'db_client_connection_pool_name',
      'db_client_connection_state',
      'kind',
      'outcome',
      'protocol',
      'reason',
      'step',
      'table',
      'work',
    ]);
  });
});
