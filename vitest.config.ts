import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SkipReporter } from './libs/testing/src/skip-reporter.ts';

/** Tests use the sources of the libs, so they need no build. */
const fromSource = {
  // The tsconfig files of apps and libs do not include specs.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'node'] } },
};

const processors = availableParallelism();

export default defineConfig({
  test: {
    reporters: ['default', ...(process.env['GITHUB_ACTIONS'] ? ['github-actions'] : []), new SkipReporter()],
    projects: [
      {
        ...fromSource,
        test: {
          name: 'unit',
          include: [
            '{apps,bench,dashboards,docker,generate,import,k8s,libs,load,monitoring,release,site,smoke,stack}/**/*.spec.ts',
          ],
          // One process for many files: loading the modules for each takes as long as the tests.
          isolate: false,
          // A spec of the console reads its style sheets. Others get empty ones.
          css: { include: [/\.css\?raw$/] },
          testTimeout: 30_000,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'integration',
          include: ['{apps,dashboards,import,libs,load,monitoring,smoke,workshop}/**/*.int-spec.ts'],
          globalSetup: ['libs/testing/src/global-setup.ts'],
          // Most of the time a test waits for the database, another process, or a timer.
          maxWorkers: processors + 1,
          sequence: { groupOrder: 1 },
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
          // Each file starts a stack and a browser.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          // Other processes may slow the machine down.
          expect: { poll: { timeout: 15_000 } },
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
