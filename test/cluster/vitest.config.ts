import { defineConfig } from 'vitest/config';
import { whatIsMissing } from './cluster.ts';
import { InOrder } from './in-order.ts';

/** `npm run test:cluster`: what holds on a laptop holds on Kubernetes, also while parts of it come and go. */
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
    reporters: ['verbose'],
  },
});
