import axe, { type AxeResults, type RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

/** All rules of axe: WCAG A and AA, and best practices. */
const options: RunOptions = { resultTypes: ['violations'] };

/** Check a page with axe. @returns the serious and critical violations: rule, help text and elements */
export async function accessibilityViolations(page: Page): Promise<readonly unknown[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults, RunOptions>(
    // axe is a global of the page.
    (runOptions) => (globalThis as unknown as { readonly axe: typeof axe }).axe.run(runOptions),
    options,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => [id, help, nodes.map(({ target, failureSummary }) => [target, failureSummary])]);
}
