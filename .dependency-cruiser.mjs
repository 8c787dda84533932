/** What may import what. `npm run lint` proves it. */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A module can be read alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'app-never-imports-app',
      comment: 'Apps are processes; they meet on the network.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'lib-never-imports-app',
      comment: 'Libs are what apps stand on.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'product-never-imports-tools',
      comment: 'Only a test may lean on what drives the stack and the tests.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '\\.(spec|int-spec)\\.ts$' },
      to: { path: '^(stack|load|bench|test)/' },
    },
    {
      name: 'load-imports-nothing-foreign',
      comment: 'k6 reads the scenarios as they are: it has neither Node nor npm.',
      severity: 'error',
      from: { path: '^load/scenarios\\.ts$' },
      to: {},
    },
    {
      name: 'k6-runs-what-it-has',
      comment: 'k6 has the scenarios and its own modules, and is given no others.',
      severity: 'error',
      from: { path: '^load/k6\\.ts$' },
      to: { pathNot: ['^load/scenarios\\.ts$', '^k6', '^node_modules/@types/k6/'] },
    },
    {
      name: 'console-takes-types-alone',
      comment: 'What validates the API is not loaded into a browser.',
      severity: 'error',
      from: { path: '^apps/console/src/' },
      to: {
        path: '^libs/',
        // These two have no dependency.
        pathNot: '^libs/console-api/(src|dist)/(attribute-text|dashboard-names)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'receivers-know-no-sql',
      comment: 'Inside tracestore data flows one way: otlp, then write, then PostgreSQL.',
      severity: 'error',
      from: { path: '^apps/tracestore/src/otlp/', pathNot: '\\.(spec|int-spec)\\.ts$' },
      to: { path: ['^apps/tracestore/src/schema/', 'node_modules/pg'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'Only k6 has the modules called k6, and it is no package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^k6' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: '/gen/' },
    tsConfig: { fileName: 'tsconfig.check.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['source', 'import', 'node', 'default'], exportsFields: ['exports'] },
  },
};
