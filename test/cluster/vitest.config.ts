import { defineConfig } from 'vitest/config';
import { SkipReporter } from '../../libs/testing/src/skip-reporter.ts';
import { whatIsMissing } from './cluster.ts';
import { InOrder } from './in-order.ts';

/** `npm run test:cluster`: tests of the chart in a Kubernetes cluster. */
export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'node'] } },
  test: {
    name: 'cluster',
    root: '.',
    include: [
      'test/cluster/*.cluster-spec.ts',
      ...(whatIsMissing() === undefined ? ['test/span-trees.e2e-spec.ts'] : []),
    ],
    globalSetup: ['test/cluster/setup.ts'],
    fileParallelism: false,
    sequence: { sequencer: InOrder },
    testTimeout: 900_000,
    hookTimeout: 300_000,
    reporters: ['verbose', new SkipReporter()],
  },
});
