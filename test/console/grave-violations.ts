import axe, { type AxeResults, type RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

/** What the WCAG asks for at its levels A and AA, and what is good practice besides. */
const options: RunOptions = { resultTypes: ['violations'] };

/** What keeps somebody from using a page: which rule, what it asks for, and where it is broken. Nothing if all is well. */
export async function graveViolations(page: Page): Promise<readonly unknown[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults, RunOptions>(
    // In the page, axe is a global.
    (runOptions) => (globalThis as unknown as { readonly axe: typeof axe }).axe.run(runOptions),
    options,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => [id, help, nodes.map(({ target, failureSummary }) => [target, failureSummary])]);
}
