import { defineConfig } from 'vitest/config';

const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source', 'node', 'module-sync', 'import', 'default'] } } };

export default defineConfig({
  ...source,
  test: {
    projects: [
      { ...source, test: { name: 'unit', include: ['{apps,libs,load,stack}/**/*.spec.ts'] } },
      {
        ...source,
        test: { name: 'integration', include: ['{apps,libs,load,stack}/**/*.int-spec.ts'], testTimeout: 60_000, hookTimeout: 120_000, globalSetup: ['test/database.ts'] },
      },
      { ...source, test: { name: 'end-to-end', include: ['test/**/*.e2e-spec.ts'], testTimeout: 120_000, hookTimeout: 180_000, fileParallelism: false, globalSetup: ['test/database.ts'] } },
    ],
  },
});
