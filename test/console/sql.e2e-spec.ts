import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passwordTraceId, sendPasswordTraces } from '@spandrel/testing/password-traces';
import { hexBytes, text } from '@spandrel/testing/requests';
import { queryOnce } from '@spandrel/testing/running-tracestore';
import { exampleGroups } from '../../apps/console/src/sql/examples.ts';
import { accessibilityViolations } from './accessibility-violations.js';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole, type WatchedPage } from './console-under-test.js';

const hostile = `<img src=x onerror="document.title='owned'"> \u202e\u{1F600}`;
const startMs = Date.now() - 120_000;

let console: ConsoleUnderTest;
let page: Page;
let watched: WatchedPage;

describe.skipIf(!hasChromium)('the SQL page', () => {
  beforeAll(async () => {
    console = await startConsole({ TRACESTORE_SQL_MAX_ROWS: '2000', TRACESTORE_SQL_PER_MINUTE: '10000' });
    await sendPasswordTraces(console.store, startMs);
    const startTimeUnixNano = BigInt(startMs) * 1_000_000n;
    await console.send([
      {
        service: hostile,
        spans: [
          {
            traceId: hexBytes('d'.repeat(32)),
            spanId: hexBytes('000000000000d00d'),
            name: hostile,
            startTimeUnixNano,
            endTimeUnixNano: startTimeUnixNano + 5_000_000n,
            attributes: [text(hostile, hostile), text('long', 'x'.repeat(1_000_000))],
          },
        ],
      },
    ]);
  });

  afterAll(async () => {
    await console.stop();
  });

  beforeEach(async () => {
    watched = await console.openPage();
    ({ page } = watched);
  });

  afterEach(async () => {
    await watched.close();
  });

  const editor = (): Locator => page.getByRole('textbox', { name: 'SQL' });
  const rows = (): Locator => page.getByRole('grid', { name: 'Result rows' });
  const open = (query: string): Promise<unknown> =>
    page.goto(`${console.store.url}/sql?query=${encodeURIComponent(query)}`);
  const typeStatement = async (text: string): Promise<void> => {
    await editor().focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(text);
  };
  const run = (): Promise<void> => page.getByRole('button', { name: 'Run', exact: true }).click();

  it('shows which times it replaced by literals, in a result and in a plan', async () => {
    const statement = `SELECT count(*) FROM span WHERE start_time > now() - interval '1 hour' AND start_time < now()`;
    await open(statement);
    for (const button of ['Run', 'Explain']) {
      await page.getByRole('button', { name: button, exact: true }).click();
      await page.getByText('2 time expressions were replaced by a literal').click();
      const items = page.locator('.run-notes li');
      await expect.poll(() => items.count()).toBe(2);
      expect(await items.first().textContent()).toMatch(/^now\(\) - interval '1 hour' is \d{4}-\d\d-\d\dT/);
    }
    expect(await accessibilityViolations(page)).toEqual([]);
    await open('SELECT now()');
    await run();
    await rows().waitFor();
    expect(await page.locator('.run-notes').count()).toBe(0);
  });

  it('can be used with the keyboard only: complete, run, open a trace, and go back', async () => {
    await page.goto(`${console.store.url}/sql`);
    // The editor has the focus.
    await expect.poll(() => editor().evaluate((element) => element.matches(':focus'))).toBe(true);
    await page.keyboard.press('Control+A');
    await page.keyboard.type('SELECT service_name, trace_id, duration_ms\nFROM sp');
    const proposal = page.getByRole('option', { name: /^span ?view/ });
    await proposal.waitFor();
    // The comment of the view.
    await page.getByText('One row per span.').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.type("an\nWHERE service_name = 'generator' AND is_root_sp");
    await page.getByRole('option', { name: /^is_root_span/ }).waitFor();
    // The editor does not accept a completion that has just appeared.
    await page.waitForTimeout(500);
    await page.keyboard.press('Enter');
    await page.keyboard.type('\nORDER BY start_time');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/^2 rows, in/).waitFor();
    expect(new URL(page.url()).searchParams.get('query')).toContain('AND is_root_span');
    expect(await page.getByRole('columnheader').allInnerTexts()).toEqual([
      '',
      'service_name\ntext',
      'trace_id\nuuid',
      'duration_ms\ndouble precision',
    ]);
    for (let presses = 0; presses < 20; presses++) {
      if (await rows().evaluate((element) => element.matches(':focus'))) break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/trace/${passwordTraceId(2)}`);
    await page.goBack();
    await expect.poll(() => editor().innerText()).toContain('is_root_span');
  });

  it('does not run a statement from the URL', async () => {
    await open('SELECT 41 + 1 AS answer');
    await expect.poll(() => editor().innerText()).toBe('SELECT 41 + 1 AS answer');
    await page.getByText('Ctrl-Enter runs the statement').waitFor();
    await run();
    await rows().getByText('42').waitFor();
  });

  it('shows numbers right-aligned, NULL, indented JSON, and hostile text as text', async () => {
    await open(
      `SELECT 9223372036854775807 AS large, NULL::text AS nothing, '' AS empty, span_name, span_tags - 'long' AS tags
       FROM span WHERE trace_id = '${'d'.repeat(32)}'`,
    );
    await run();
    await rows().getByText('9223372036854775807').waitFor();
    const cells = rows().getByRole('gridcell');
    expect(await cells.first().getAttribute('class')).toContain('right');
    expect(await cells.nth(1).innerText()).toBe('NULL');
    expect(await cells.nth(3).innerText()).toBe(hostile);
    await cells.nth(4).dblclick();
    await page.getByRole('complementary', { name: 'Value' }).getByText('{\n').waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.title()).toBe('SQL · Spandrel');
    await page.screenshot({ path: path.join(picturesFolder, 'sql-hostile.png') });
  });

  it('shows the position of an error, also in the editor', async () => {
    await open(`SELECT '\u{1F600}',\n  nothing\nFROM span`);
    await run();
    await page.getByRole('alert').getByText('column "nothing" does not exist at line 2, column 3').waitFor();
    expect(await page.locator('.cm-lintRange-error').innerText()).toBe('nothing');
    await page.screenshot({ path: path.join(picturesFolder, 'sql-error.png') });
    await editor().click();
    await page.keyboard.type(' ');
    await expect.poll(() => page.locator('.cm-lintRange-error').count()).toBe(0);
    expect(watched.pageErrors.filter((message) => !message.includes('400'))).toEqual([]);
    watched.pageErrors.length = 0;
  });

  it('shows an error in the schema list, and loads it on retry', async () => {
    let isFixed = false;
    await page.route('**/api/sql/catalogue', (route) =>
      isFixed
        ? route.continue()
        : route.fulfill({
            status: 503,
            contentType: 'application/problem+json',
            json: {
              type: 'urn:spandrel:problem:no-reader',
              title: 'The role ps_trace_reader cannot be used',
              detail: 'Role "tracestore" may not SET ROLE ps_trace_reader',
            },
          }),
    );
    await page.goto(`${console.store.url}/sql`);
    await page.getByRole('tab', { name: 'Schema' }).click();
    await page.getByRole('alert').getByText('may not SET ROLE ps_trace_reader').waitFor();
    isFixed = true;
    await page.getByRole('tabpanel', { name: 'Schema' }).getByRole('button', { name: 'Retry' }).click();
    await page.getByText('ps_trace.span', { exact: true }).waitFor();
    expect(watched.pageErrors.splice(0).every((message) => message.includes('503'))).toBe(true);
  });

  it('shows the elapsed time, and cancels the statement in the database', async () => {
    await open(`SELECT pg_sleep(60) /* slow */`);
    await run();
    await page.getByText(/^Running: \d+\.\d s$/).waitFor();
    await expect.poll(running).toBe(1);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled').waitFor();
    await expect.poll(running).toBe(0);
    // Leaving the page cancels the statement, too.
    await run();
    await expect.poll(running).toBe(1);
    await page.getByRole('link', { name: 'Search' }).click();
    await expect.poll(running).toBe(0);
  });

  it('shows that rows were cut, renders the visible ones, and exports all of them', async () => {
    await open(`SELECT n, 'a "quoted", word' AS word FROM generate_series(1, 5000) AS n`);
    await run();
    await page.getByText('First 2,000 rows').waitFor();
    await page.getByText('2,000 rows, 16 MiB').waitFor();
    expect(await rows().getAttribute('aria-rowcount')).toBe('2001');
    expect(await rows().getByRole('row').count()).toBeLessThan(100);
    await rows().focus();
    await page.keyboard.press('Control+End');
    await rows().getByRole('rowheader', { name: '2000', exact: true }).waitFor();
    const fileOf = async (button: string): Promise<string> => {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: button, exact: true }).click(),
      ]);
      return readFileSync(await file.path(), 'utf8');
    };
    const csv = (await fileOf('CSV')).split('\r\n');
    expect([csv.length, csv[0], csv[2000]]).toEqual([2002, 'n,word', '2000,"a ""quoted"", word"']);
    const json = JSON.parse(await fileOf('JSON')) as readonly unknown[];
    expect([json.length, json[0]]).toEqual([2000, { n: 1, word: 'a "quoted", word' }]);
  });

  it('shows rows over time as a chart', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await open(
      `SELECT date_bin('1 second', start_time, 'epoch') AS time, service_name, count(*) FROM span GROUP BY 1, 2`,
    );
    await run();
    // It is a chart at first, because there is one row for each time of a series.
    expect(await page.getByRole('tab', { name: 'Chart' }).getAttribute('aria-selected')).toBe('true');
    await page
      .getByRole('list', { name: /Series/ })
      .getByText('generator')
      .waitFor();
    await page.screenshot({ path: path.join(picturesFolder, 'sql-chart-dark.png') });
    await page.getByRole('tab', { name: 'Table' }).click();
    await rows().waitFor();
    expect(new URL(page.url()).searchParams.get('view')).toBe('table');
    // Another statement: the choice was for the last one. A list of traces is a table, and IDs are hex.
    await typeStatement(`SELECT date_bin('1 second', start_time, 'epoch') AS time, count(*) FROM span GROUP BY 1`);
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => page.getByRole('tab', { name: 'Chart' }).getAttribute('aria-selected')).toBe('true');
    expect(new URL(page.url()).searchParams.has('view')).toBe(false);
    await page.getByRole('tab', { name: 'Chart' }).click();
    await typeStatement('SELECT start_time, trace_id, duration_ms FROM span WHERE is_root_span');
    await page.keyboard.press('Control+Enter');
    await rows().getByRole('link').first().waitFor();
    expect(await rows().getByRole('link').first().innerText()).toMatch(/^[\da-f]{32}$/);
  });

  it('explains a statement, with and without running it', async () => {
    await open('SELECT * FROM span ORDER BY start_time LIMIT 5');
    await page.getByRole('button', { name: 'Explain', exact: true }).click();
    await page.getByText('the statement was not run').waitFor();
    await page.getByRole('button', { name: 'Explain analyze' }).click();
    await page.getByText(/^Planned in .+, executed in/).waitFor();
    expect(await page.locator('.plan-step').count()).toBeGreaterThan(1);
    await page.screenshot({ path: path.join(picturesFolder, 'sql-plan.png') });
  });

  it('runs a selection alone, and lists what was run with its rows and errors', async () => {
    await open('SELECT 5 AS five,\n  nothing');
    await editor().click();
    await page.keyboard.press('Control+Home');
    for (const _ of 'SELECT 5 AS five') await page.keyboard.press('Shift+ArrowRight');
    await page.getByRole('button', { name: 'Run selection' }).click();
    await page.getByText(/^1 row, in/).waitFor();
    await editor().focus();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Shift+Control+ArrowLeft');
    await page.keyboard.type('"no"; SELECT none');
    await page.keyboard.press('Escape');
    for (const _ of 'SELECT none') await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('Control+Enter');
    // The position is that in the selection; the mark is where it is in the text.
    await page.getByRole('alert').getByText('column "none" does not exist at line 1, column 8').waitFor();
    expect(await page.locator('.cm-lintRange-error').innerText()).toBe('none');
    watched.pageErrors.length = 0;
    await page.reload();
    await page.getByRole('tab', { name: 'History' }).click();
    const entries = page.getByRole('tabpanel', { name: 'History' }).getByRole('listitem');
    await expect.poll(() => entries.count()).toBe(2);
    expect(await entries.nth(0).innerText()).toMatch(/^SELECT none\n.* · failed$/);
    expect(await entries.nth(1).innerText()).toMatch(/^SELECT 5 AS five\n.* · 1 row$/);
    await page.getByRole('searchbox', { name: 'Find in history' }).fill('FIVE');
    await expect.poll(() => entries.count()).toBe(1);
    await page.screenshot({ path: path.join(picturesFolder, 'sql-history.png') });
    expect(await accessibilityViolations(page)).toEqual([]);
    await entries.getByRole('button').click();
    await expect.poll(() => editor().innerText()).toBe('SELECT 5 AS five');
  });

  it('completes columns before functions, also without FROM, and lists span and trace first', async () => {
    await page.goto(`${console.store.url}/sql`);
    await page.getByRole('tab', { name: 'Schema' }).click();
    await page.getByText('ps_trace.span', { exact: true }).waitFor();
    const views = page.getByRole('tabpanel', { name: 'Schema' }).locator('summary');
    expect((await views.allInnerTexts()).slice(0, 2)).toEqual(['ps_trace.span', 'ps_trace.trace']);
    const options = page.locator('.cm-tooltip-autocomplete .cm-completionLabel');
    await typeStatement('SELECT serv');
    await options.first().waitFor();
    expect(await options.first().innerText()).toBe('service_name');
    await page.keyboard.press('Escape');
    await typeStatement('SELECT ');
    await page.keyboard.press('Control+Space');
    await options.first().waitFor();
    expect((await options.allInnerTexts()).slice(0, 4)).toEqual([
      'service_name',
      'span_name',
      'start_time',
      'duration_ms',
    ]);
  });

  it('says that it reads only, once', async () => {
    await open('DELETE FROM span');
    await run();
    const alert = page.getByRole('alert');
    await alert.getByText('This page reads only').waitFor();
    expect((await alert.innerText()).match(/reads only/g)).toHaveLength(1);
    watched.pageErrors.length = 0;
  });

  it('saves statements in the browser, and restores the draft', async () => {
    await open('SELECT 7 AS seven');
    await page.getByRole('button', { name: 'Save…' }).click();
    await page.getByLabel('Name of the statement').fill(hostile);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await editor().focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('SELECT 8 AS eight');
    await expect.poll(() => page.evaluate('JSON.stringify(sessionStorage)')).toContain('SELECT 8 AS eight');
    await page.goto(`${console.store.url}/sql`);
    await expect.poll(() => editor().innerText()).toBe('SELECT 8 AS eight');
    await page.getByRole('tab', { name: 'Saved' }).click();
    await page.getByRole('button', { name: hostile, exact: true }).click();
    await expect.poll(() => editor().innerText()).toBe('SELECT 7 AS seven');
    await page.getByRole('button', { name: `Remove ${hostile}` }).click();
    await expect.poll(() => page.getByRole('button', { name: hostile, exact: true }).count()).toBe(0);
  });

  it.each(['light', 'dark'] as const)('is accessible in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await open('SELECT service_name, trace_id, duration_ms, span_tags, NULL::text AS nothing FROM span');
    await run();
    await rows().waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Schema' }).click();
    await page.getByRole('button', { name: 'Explain analyze' }).click();
    await page.getByText(/^Planned in/).waitFor();
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  it('fits the screen of a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await open('SELECT service_name, span_name, duration_ms FROM span');
    await run();
    await rows().waitFor();
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
    await page.screenshot({ path: path.join(picturesFolder, 'sql-phone.png') });
  });

  it.each(exampleGroups.flatMap(({ examples }) => examples))('has a valid example: $title', async ({ sql }) => {
    const response = await fetch(`${console.store.url}/api/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql }),
    });
    expect(response.status, await response.text()).toBe(200);
  });
});

/** Count the statements of the SQL page that the database is running. */
async function running(): Promise<number> {
  const [row] = await queryOnce<{ n: number }>(
    console.databaseUrl,
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE application_name = 'tracestore sql' AND state = 'active' AND datname = current_database() AND query LIKE '%pg_temp.ask%'`,
  );
  return row?.n ?? 0;
}
