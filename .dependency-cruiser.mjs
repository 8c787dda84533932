/** What may import what. `npm run lint` proves it. */

/**
 * The folders of tracestore's source and what each of them imports. They stand in order: a folder imports only folders
 * above it, so that they form a graph without cycles. docs/architecture.md says what each of them is.
 */
export const tracestoreFolders = {
  gen: [],
  metrics: [],
  errors: [],
  access: ['errors'],
  config: ['access'],
  storage: ['errors', 'gen'],
  schema: ['config', 'errors'],
  database: ['config', 'errors', 'schema', 'storage'],
  transcode: ['errors', 'gen', 'storage'],
  write: ['config', 'database', 'errors', 'metrics', 'storage'],
  aggregate: ['database', 'errors', 'metrics', 'storage'],
  lifecycle: ['config', 'database', 'errors', 'metrics', 'schema'],
  query: ['config', 'database', 'errors', 'gen', 'storage'],
  receive: ['access', 'config', 'errors', 'gen', 'metrics', 'storage', 'transcode', 'write'],
  protocols: ['access', 'config', 'errors', 'metrics'],
  jaeger: ['access', 'config', 'database', 'errors', 'gen', 'metrics', 'protocols', 'query', 'receive', 'storage'],
  tempo: ['access', 'config', 'database', 'errors', 'gen', 'metrics', 'protocols', 'query'],
  console: ['access', 'config', 'database', 'errors', 'metrics', 'query', 'storage'],
  observe: ['database', 'errors', 'metrics', 'query'],
};

/** Files beside the folders that every folder may import. They import each other alone. */
const tracestoreLeaves = '(duration|limits|sql|sql-file)\\.ts$';

const source = '^apps/tracestore/src/';

/** Tests start the whole of tracestore, whatever they lie beside. */
const tests = '\\.(spec|int-spec)\\.ts$';

const names = Object.keys(tracestoreFolders);
for (const [index, [folder, imported]] of Object.entries(tracestoreFolders).entries()) {
  const later = imported.filter((name) => !names.slice(0, index).includes(name));
  if (later.length > 0)
    throw new Error(`${folder} may import only folders that stand above it, not ${later.join(', ')}`);
}

const folderRules = Object.entries(tracestoreFolders).map(([folder, imported]) => ({
  name: `tracestore-${folder}`,
  comment: `src/${folder} imports ${imported.length === 0 ? 'no other folder' : imported.join(', ')}: see tracestoreFolders.`,
  severity: 'error',
  from: { path: `${source}${folder}/`, pathNot: tests },
  to: { path: source, pathNot: [`${source}(${[folder, ...imported].join('|')})/`, `${source}${tracestoreLeaves}`] },
}));

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
      from: { path: '^libs/', pathNot: '^libs/testing/' },
      to: { path: '^apps/' },
    },
    {
      name: 'product-never-imports-tools',
      comment: 'Only a test may import what drives the stack and the tests.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [tests, '^libs/(embedded|testing|[^/]+/testing)/'] },
      to: { path: '^(stack|smoke|load|import|bench|test|libs/embedded|libs/[^/]+/testing)/' },
    },
    {
      name: 'only-tests-import-tests',
      comment: 'What is in bench/ and test/ is used by benchmarks and tests alone.',
      severity: 'error',
      from: { path: '^(stack|smoke|load|import|dashboards|docker|k8s|libs/embedded)/', pathNot: tests },
      to: { path: '^(bench|test)/' },
    },
    {
      name: 'only-tests-import-testing',
      comment: 'No app, image or script of users contains the fixtures.',
      severity: 'error',
      from: {
        pathNot: [
          '\\.(spec|int-spec|e2e-spec|cluster-spec)\\.ts$',
          '^(libs/testing|test|bench)/',
          '^vitest\\.config\\.ts$',
        ],
      },
      to: { path: '^libs/testing/' },
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
        // These have no dependency.
        pathNot: '^libs/(console-api/(src|dist)/(attribute-text|dashboard-names)|trace-files/)',
        dependencyTypesNot: ['type-only'],
      },
    },
    ...folderRules,
    {
      name: 'tracestore-folder-is-listed',
      comment: 'A new folder of tracestore gets a line in tracestoreFolders.',
      severity: 'error',
      from: { path: `${source}[^/]+/`, pathNot: [tests, `${source}(${names.join('|')})/`] },
      to: {},
    },
    {
      name: 'tracestore-leaves-import-no-folder',
      comment: 'Every folder may import them.',
      severity: 'error',
      from: { path: `${source}${tracestoreLeaves}` },
      to: { path: source, pathNot: `${source}${tracestoreLeaves}` },
    },
    {
      name: 'receive-and-transcode-know-no-sql',
      comment: 'Inside tracestore data flows one way: receive, transcode, write, then PostgreSQL.',
      severity: 'error',
      from: { path: `${source}(receive|transcode)/`, pathNot: tests },
      to: { path: 'node_modules/pg' },
    },
    {
      name: 'no-unresolvable',
      comment: 'Only k6 has the modules called k6, and it is no package. The site installs its own packages.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(k6|vitepress$)' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/', '/gen/'] },
    tsConfig: { fileName: 'tsconfig.check.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['source', 'import', 'node', 'default'], exportsFields: ['exports'] },
  },
};
