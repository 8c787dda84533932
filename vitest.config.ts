import { defineConfig } from 'vitest/config';
import { SkipReporter } from './libs/testing/src/skip-reporter.ts';

/** Tests use the sources of the libs, so they need no build. */
const fromSource = {
  // The tsconfig files of apps and libs do not include specs.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'node'] } },
};

export default defineConfig({
  test: {
    reporters: ['default', ...(process.env['GITHUB_ACTIONS'] ? ['github-actions'] : []), new SkipReporter()],
    projects: [
      {
        ...fromSource,
        test: {
          name: 'unit',
          include: ['{apps,bench,dashboards,docker,generate,k8s,libs,load,monitoring,smoke,stack}/**/*.spec.ts'],
          // One process for many files: loading the modules for each takes as long as the tests.
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'integration',
          include: ['{apps,dashboards,libs,load,monitoring,smoke}/**/*.int-spec.ts'],
          globalSetup: ['libs/testing/src/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'end-to-end',
          include: ['test/**/*.e2e-spec.ts'],
          globalSetup: ['libs/testing/src/global-setup.ts'],
          fileParallelism: false,
          // Other processes may slow the machine down.
          expect: { poll: { timeout: 15_000 } },
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
