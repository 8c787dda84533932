import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

/** Folders whose specs are all skipped for the same reason. */
const reasonOfFolder: Readonly<Record<string, string>> = { 'test/console/': 'requires Chromium' };

/**
 * Prints at the end of a run the number of skipped tests and the reasons. A test gives its reason with `context.skip(true, reason)`
 * or with `(requires …)` in its title or in that of its suite.
 */
export class SkipReporter implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // With -t, a run skips most tests on request.
    if (this.vitest?.config.testNamePattern !== undefined) return;
    const skipped = modules.flatMap((module): readonly (TestCase | TestSuite)[] => {
      const tests = [...module.children.allTests('skipped')];
      // A skipped suite with an empty table has no tests.
      return module.state() === 'skipped' && tests.length === 0 ? [...module.children.suites()] : tests;
    });
    const groups = Map.groupBy(skipped, (test) => `${reasonOf(test)}  ${test.module.relativeModuleId}`);
    const lines = [...groups].map(([reason, tests]) => `  ${String(tests.length).padStart(5)}  ${reason}`);
    if (lines.length > 0) this.vitest?.logger.log(`\nSkipped tests\n${lines.toSorted().join('\n')}\n`);
  }
}

function reasonOf(test: TestCase | TestSuite): string {
  const result = test.type === 'test' ? test.result() : undefined;
  if (result?.state === 'skipped' && result.note !== undefined) return result.note;
  const inTitle = /\((requires [^)]+)\)/.exec(test.fullName)?.[1];
  if (inTitle !== undefined) return inTitle;
  const folder = Object.keys(reasonOfFolder).find((name) => test.module.relativeModuleId.startsWith(name));
  return reasonOfFolder[folder ?? ''] ?? `no reason: ${test.fullName.split(' > ')[0]}`;
}
