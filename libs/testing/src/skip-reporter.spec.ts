import { expect, it, vi } from 'vitest';
import type { TestCase, TestModule, Vitest } from 'vitest/node';
import { SkipReporter } from './skip-reporter.ts';

function moduleOf(file: string, tests: readonly { readonly fullName: string; readonly note?: string }[]): TestModule {
  const module = { relativeModuleId: file } as TestModule;
  const cases = tests.map(
    ({ fullName, note }) =>
      ({ type: 'test', fullName, module, result: () => ({ state: 'skipped', note }) }) as unknown as TestCase,
  );
  const suites = [{ type: 'suite', fullName: 'empty (requires a table)', module }];
  return Object.assign(module, {
    state: () => 'skipped' as const,
    children: { allTests: () => cases, suites: () => suites },
  });
}

function report(modules: readonly TestModule[], testNamePattern?: RegExp): string {
  const log = vi.fn<(text: string) => void>();
  const reporter = new SkipReporter();
  reporter.onInit({ config: { testNamePattern }, logger: { log } } as unknown as Vitest);
  reporter.onTestRunEnd(modules);
  return log.mock.calls.join('\n');
}

const modules = [
  moduleOf('a.spec.ts', [
    { fullName: 'suite (requires otelcol) > one' },
    { fullName: 'suite (requires otelcol) > two' },
    { fullName: 'three', note: 'no TimescaleDB' },
  ]),
  moduleOf('b.spec.ts', [{ fullName: 'suite > four' }]),
];

it('SkipReporter prints the number of skipped tests by reason and file', () => {
  expect(report(modules).trim().split(/\n\s*/)).toEqual([
    'Skipped tests',
    '1  no TimescaleDB  a.spec.ts',
    '1  no reason: suite  b.spec.ts',
    '2  requires otelcol  a.spec.ts',
  ]);
});

it('SkipReporter prints a skipped suite without tests', () => {
  expect(report([moduleOf('a.spec.ts', [])])).toContain('1  requires a table  a.spec.ts');
});

it('SkipReporter prints nothing without skipped tests and for a filtered run', () => {
  expect(report([])).toBe('');
  expect(report(modules, /three/)).toBe('');
});
