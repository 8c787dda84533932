import { defineConfig } from 'vitest/config';

/** The libs are taken from their sources, so that a test needs no build. */
const fromSource = {
  // Also in specs, which the tsconfigs of apps and libs leave out.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'node'] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...fromSource,
        test: { name: 'unit', include: ['{apps,bench,dashboards,docker,generate,k8s,libs,load,stack}/**/*.spec.ts'] },
      },
      {
        ...fromSource,
        test: {
          name: 'integration',
          include: ['{apps,dashboards,libs,load,stack}/**/*.int-spec.ts'],
          globalSetup: ['test/database.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'end-to-end',
          include: ['test/**/*.e2e-spec.ts'],
          globalSetup: ['test/database.ts'],
          fileParallelism: false,
          // Pages and traces take their time where others use the machine, too.
          expect: { poll: { timeout: 15_000 } },
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
