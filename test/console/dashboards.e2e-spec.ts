import path from 'node:path';
import { dashboardUids } from '@spandrel/console-api/dashboard-names';
import type { QueryResponse } from '@spandrel/console-api';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shownTitle } from '../../apps/console/src/dashboards/shown-title.ts';
import { dashboards } from '../../dashboards/all.ts';
import { accessibilityViolations } from './accessibility-violations.js';
import { hasChromium } from './chromium.js';
import {
  type ConsoleUnderTest,
  picturesFolder,
  type ServiceSpans,
  startConsole,
  type WatchedPage,
} from './console-under-test.js';
import { changedSinceMs, fleetTraces, shopTraces } from './shop-traces.js';

/** The shop calls no models. */
const drawnDashboards = dashboards.filter(({ dashboard }) => dashboard.uid !== dashboardUids.models);

const requestsPerMinute = 20;
/** A multiple of ten seconds, which is the step of aggregates. */
const nowMs = Math.floor(Date.now() / 10_000) * 10_000;
const range = new URLSearchParams({
  from: new Date(nowMs - 3_600_000).toISOString(),
  to: new Date(nowMs).toISOString(),
}).toString();

let console: ConsoleUnderTest;
let page: Page;
let watched: WatchedPage;
let shop: readonly ServiceSpans[];

describe.skipIf(!hasChromium)('the overview and the dashboards', () => {
  beforeAll(async () => {
    console = await startConsole({ TRACESTORE_SQL_PER_MINUTE: '600' });
    shop = shopTraces(nowMs, requestsPerMinute);
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

  it('explain how to send spans to an empty store, and update when spans arrive', async () => {
    await page.goto(`${console.store.url}/`);
    await page.getByRole('heading', { name: 'No traces received yet' }).waitFor();
    expect(await page.getByText('OTEL_EXPORTER_OTLP_ENDPOINT=').textContent()).toContain(
      `:${new URL(console.store.tracesUrl).port}\n`,
    );
    await page.screenshot({ path: path.join(picturesFolder, 'overview-empty.png') });
    await page.goto(`${console.store.url}/dashboards/${dashboardUids.requestDurations}`);
    await page.getByText('No data in this time range').first().waitFor();
    await page.goto(`${console.store.url}/`);
    await page.getByRole('heading', { name: 'No traces received yet' }).waitFor();
    await sendAll(shop);
    await page.getByRole('heading', { name: 'Service map' }).waitFor({ timeout: 60_000 });
  });

  it('show every service and the service map', async () => {
    await page.goto(`${console.store.url}/?${range}`);
    await page.getByRole('button', { name: /^web \d/ }).waitFor();
    const rows = page.getByRole('table', { name: 'Services' }).locator('tbody tr');
    expect(await rows.count()).toBe(shop.length);
    const status = page.getByRole('region', { name: 'Service map' }).getByRole('status');
    for (const { service, spans } of shop) {
      const failed = spans.filter(({ status }) => status?.code === 2).length;
      // No service calls itself, so each span is a call from another service.
      const words = `${service}: ${spans.length.toLocaleString('en')} calls, ${percent(failed / spans.length)} failed, `;
      await page.getByRole('button', { name: new RegExp(String.raw`^${service} \d`) }).focus();
      await expect.poll(() => status.textContent()).toContain(words);
    }
    const checkouts = spansOf('checkout').length;
    const edge = page.getByRole('img', { name: `web calls checkout: ${checkouts.toLocaleString('en')} calls` });
    expect(await edge.count()).toBe(1);
    await page.screenshot({ path: path.join(picturesFolder, 'overview.png'), fullPage: true });
  });

  it('draw every step of a response in the lines of services and of all requests', async () => {
    const steps = (uid: string): Promise<number> =>
      page
        .waitForResponse((response) => response.url().includes(`/${uid}/queries/traffic`))
        .then(async (response) => {
          const { columns, rows } = (await response.json()) as QueryResponse;
          return new Set(rows.map((row) => row[columns.indexOf('time')])).size;
        });
    const [ofServices, ofRequests] = [steps(dashboardUids.services), steps(dashboardUids.home)];
    await page.goto(`${console.store.url}/?${range}`);
    const row = page.getByRole('table', { name: 'Services' }).getByRole('row', { name: /^web / });
    const total = page.locator('.total').filter({ hasText: 'Request rate' });
    expect(await ofServices).toBeGreaterThan(50);
    await expect.poll(() => countPoints(row)).toBe(await ofServices);
    await expect.poll(() => countPoints(total)).toBe(await ofRequests);
  });

  it('list recent changes with links to their traces', async () => {
    await page.goto(`${console.store.url}/?${range}`);
    const changes = page.getByRole('region', { name: 'What changed' }).getByRole('listitem');
    await changes.first().waitFor();
    const texts = await changes.allTextContents();
    expect(texts.some((text) => text.startsWith('search POST /queryis slower'))).toBe(true);
    expect(texts.some((text) => text.startsWith('payment chargefails more often'))).toBe(true);
    expect(texts.every((text) => !text.startsWith('mail'))).toBe(true);
    const charge = changes.filter({ hasText: 'payment charge' });
    expect(await charge.getByRole('link', { name: /^What is different/ }).getAttribute('href')).toMatch(
      /^\/differences\?service=payment&operation=charge&.*select=errors$/,
    );
    await charge.getByRole('link').first().click();
    await page.waitForURL(/\/search\?/);
    const found = new URL(page.url()).searchParams;
    expect(found.get('service')).toBe('payment');
    expect(found.get('operation')).toBe('charge');
    expect(found.get('status')).toBe('error');
    expect(Date.parse(found.get('from') ?? '')).toBe(changedSinceMs(nowMs));
    const since = BigInt(changedSinceMs(nowMs)) * 1_000_000n;
    const failed = spansOf('payment').filter(
      ({ startTimeUnixNano = 0n, status }) => startTimeUnixNano >= since && status?.code === 2,
    );
    await expect.poll(() => page.locator('a[href^="/trace/"]').count()).toBe(failed.length);
  });

  it('are filtered by a click on a service of the map, until the selection is cleared', async () => {
    await page.goto(`${console.store.url}/?${range}`);
    const rows = page.getByRole('table', { name: 'Services' }).locator('tbody tr');
    const tiles = page.locator('.total');
    await tiles
      .filter({ hasText: 'Request rate' })
      .getByText(`${shown((20 * 60) / 3_600)}/s`)
      .waitFor();
    await page.getByRole('button', { name: /^payment \d/ }).click();
    await expect.poll(() => rows.count()).toBe(1);
    // The tiles have the values of the service, too.
    const payments = spansOf('payment');
    const failedShare = payments.filter(({ status }) => status?.code === 2).length / payments.length;
    const perMinute = payments.length / 60;
    await tiles
      .filter({ hasText: 'Call rate' })
      .getByText(`${shown(perMinute)}/min`)
      .waitFor();
    await tiles.filter({ hasText: 'Error rate' }).getByText(percent(failedShare)).waitFor();
    expect(await tiles.filter({ hasText: 'Duration (p95)' }).locator('strong').textContent()).toMatch(/^≈ \d/);
    expect(new URL(page.url()).searchParams.get('service')).toBe('payment');
    expect(await page.getByRole('button', { name: /^payment \d/ }).getAttribute('aria-pressed')).toBe('true');
    expect(await page.getByRole('link', { name: 'Failed traces' }).getAttribute('href')).toBe(
      `/search?service=payment&status=error&${range}`,
    );
    await page.goBack();
    await expect.poll(() => rows.count()).toBe(shop.length);
    await page.getByRole('button', { name: /^cart \d/ }).click();
    await page.getByRole('group', { name: 'Service cart' }).getByRole('button', { name: 'All services' }).click();
    await expect.poll(() => rows.count()).toBe(shop.length);
  });

  it('are listed with links', async () => {
    await page.goto(`${console.store.url}/dashboards`);
    const links = page.getByRole('main').getByRole('listitem').getByRole('link');
    await links.first().waitFor();
    // The overview repeats Home and Services, which Grafana needs. Their addresses work.
    const listed = dashboards.filter(({ folder }) => !['home', 'overview'].includes(folder));
    const titles = listed.map(({ dashboard }) => shownTitle(dashboard.title));
    expect(await links.locator('strong').allTextContents()).toEqual(titles);
    expect(titles.filter((title) => /^\d| [A-Z][a-z]/.test(title))).toEqual([]);
    await page.getByRole('link', { name: /^Service dependencies/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Service dependencies', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Last hour' }).waitFor();
    for (const uid of [dashboardUids.home, dashboardUids.services]) {
      await page.goto(`${console.store.url}/dashboards/${uid}?${range}`);
      await page.locator('.board-cell').first().waitFor();
      await expect.poll(() => page.locator('.board-nav a').allTextContents()).toEqual(titles);
    }
    await page.goto(`${console.store.url}/dashboards/nothing`);
    await page.getByRole('heading', { name: 'Dashboard not found' }).waitFor();
  });

  it('link each service to its page, with its operations, callers, calls and errors', async () => {
    await page.goto(`${console.store.url}/?${range}`);
    const dot = page.getByRole('table', { name: 'Services' }).getByRole('link', { name: 'payment', exact: true });
    const colour = await dot.locator('.dot').getAttribute('class');
    await dot.click();
    await page.getByRole('heading', { level: 1, name: 'payment' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/services/payment');
    expect(new URL(page.url()).search).toBe(`?${range}`);
    expect(await page.locator('h1 .dot').getAttribute('class')).toBe(colour);
    const payments = spansOf('payment');
    const failed = payments.filter(({ status }) => status?.code === 2);
    const cells = (table: string) =>
      page.getByRole('table', { name: table, exact: true }).locator('tbody tr').first().locator('td').allTextContents();
    await expect
      .poll(() => cells('Operations'))
      .toEqual([
        'charge',
        'server',
        String(payments.length),
        String(failed.length),
        percent(failed.length / payments.length),
        ...Array.from({ length: 3 }, () => expect.stringMatching(/^≈ \d/)),
        expect.stringMatching(/ s$/),
        '100 %',
      ]);
    await expect.poll(() => cells('Callers')).toEqual(expect.arrayContaining([' checkout', String(payments.length)]));
    await expect
      .poll(() => cells('Errors'))
      .toEqual(expect.arrayContaining(['failed', 'charge', String(failed.length)]));
    await expect.poll(() => page.getByRole('region', { name: 'History' }).locator('canvas').count()).toBe(3);
    await page.screenshot({ path: path.join(picturesFolder, 'service.png'), fullPage: true });

    // Every link keeps the range, those of the header too.
    for (const link of ['Overview', 'Dashboards', 'Search']) {
      const href = await page.getByRole('banner').getByRole('link', { name: link, exact: true }).getAttribute('href');
      expect(href).toContain(range);
    }
    expect(await page.getByRole('link', { name: 'Failed traces' }).getAttribute('href')).toBe(
      `/search?service=payment&status=error&${range}`,
    );
    const example = page
      .getByRole('table', { name: 'Errors', exact: true })
      .getByRole('link', { name: 'Trace' })
      .first();
    await example.click();
    await page.getByRole('treeitem').first().waitFor();
    expect(page.url()).toMatch(/\/trace\/a[\da-f]{31}\?span=[\da-f]{16}$/);
    expect(await page.getByRole('banner').getByRole('link', { name: 'Overview' }).getAttribute('href')).toBe(
      `/?${range}`,
    );
    await page.goBack();
    await page.getByRole('table', { name: 'Operations' }).getByRole('link', { name: 'charge' }).click();
    await page.waitForURL(/\/search\?service=payment&operation=charge&from=/);
    await page.goBack();
    await page.getByRole('table', { name: 'Callers' }).getByRole('link', { name: 'checkout' }).click();
    await page.getByRole('heading', { level: 1, name: 'checkout' }).waitFor();
    await expect
      .poll(() => page.getByRole('table', { name: 'Calls', exact: true }).locator('tbody tr').count())
      .toBe(3);
    expect(new URL(page.url()).search).toBe(`?${range}`);
  });

  it.each([`a/b ?x=1#y & "<i>" 100%41 Käse`, '..'])(
    'have a page for a service with the name %j, with its versions and exceptions',
    async (name) => {
      const span = (n: number) => ({
        traceId: `c${name.length}${String(n).padStart(30 - String(name.length).length + 1, '0')}`,
        spanId: `c${String(n).padStart(15, '0')}`,
        name: 'work',
        kind: 2,
        startTimeUnixNano: `${BigInt(nowMs - 3_100_000 + n * 60_000) * 1_000_000n}`,
        endTimeUnixNano: `${BigInt(nowMs - 3_100_000 + n * 60_000 + 5) * 1_000_000n}`,
        status: { code: 2 },
        events: [
          {
            name: 'exception',
            attributes: [attributeOf('exception.type', 'Oops'), attributeOf('exception.message', name)],
          },
        ],
      });
      const body = {
        resourceSpans: [0, 1].map((version) => ({
          resource: {
            attributes: [attributeOf('service.name', name), attributeOf('service.version', `2.${version}.0`)],
          },
          scopeSpans: [{ spans: Array.from({ length: 10 }, (_, n) => span(version * 10 + n)) }],
        })),
      };
      const response = await fetch(console.store.tracesUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      const link = page.getByRole('table', { name: 'Services' }).getByRole('link', { name, exact: true });
      await expect
        .poll(
          async () => {
            await page.goto(`${console.store.url}/?${range}`);
            await page.getByRole('table', { name: 'Services' }).waitFor();
            return link.count();
          },
          { timeout: 60_000, interval: 1_000 },
        )
        .toBe(1);
      await link.click();
      await expect.poll(() => page.locator('h1').textContent()).toBe(` ${name}`);
      const versions = page.getByRole('list', { name: 'Versions' }).getByRole('listitem');
      await expect
        .poll(() => versions.allTextContents())
        .toEqual(['2.0.0 since before this time range', expect.stringMatching(/^2\.1\.0 first seen /)]);
      await page
        .getByRole('table', { name: 'Errors', exact: true })
        .getByText(`Oops: ${name}`, { exact: true })
        .waitFor();
      await page.screenshot({ path: path.join(picturesFolder, `service-${name.length}.png`), fullPage: true });
      await page.reload();
      await expect.poll(() => page.locator('h1').textContent()).toBe(` ${name}`);
      await versions.nth(1).getByRole('link').click();
      await page.waitForURL(/\/search\?/);
      const found = new URL(page.url()).searchParams;
      expect([found.get('service'), found.get('attribute')]).toEqual([name, 'service.version=2.1.0']);
      await expect.poll(() => page.locator('a[href^="/trace/"]').count()).toBe(10);
    },
  );

  describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
    it('are accessible', async () => {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${console.store.url}/?${range}`);
      await page.getByRole('button', { name: /^web \d/ }).waitFor();
      await page.getByRole('region', { name: 'What changed' }).getByRole('listitem').first().waitFor();
      expect(await accessibilityViolations(page)).toEqual([]);
      await page.getByRole('button', { name: /^payment \d/ }).click();
      await page.getByRole('button', { name: /^\d{4}-\d\d-\d\d/ }).click();
      await page.getByRole('dialog').waitFor();
      expect(await accessibilityViolations(page)).toEqual([]);
      await page.screenshot({ path: path.join(picturesFolder, `overview-payment-${colorScheme}.png`) });
      await page.goto(`${console.store.url}/services/payment?${range}`);
      await page.getByRole('table', { name: 'Errors', exact: true }).waitFor();
      await page.locator('.service-charts canvas').nth(2).waitFor();
      expect(await accessibilityViolations(page)).toEqual([]);
      await page.screenshot({ path: path.join(picturesFolder, `service-${colorScheme}.png`), fullPage: true });
    });

    it.each(drawnDashboards.map(({ folder, dashboard }) => [folder, dashboard] as const))(
      'draw all panels of %s',
      async (folder, { uid, panels }) => {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width: 1400, height: 1400 });
        await page.goto(`${console.store.url}/dashboards/${uid}?${range}`);
        for (const [nr, { title, kind }] of panels.entries()) {
          const panel = page.locator('.board-cell').nth(nr);
          expect(await panel.getByRole('heading', { level: 2 }).textContent()).toBe(shownTitle(title));
          await panel.locator(drawnBy[kind]).first().waitFor();
          const pictures = await panel.locator('canvas').all();
          expect(pictures).toHaveLength(drawnBy[kind] === 'canvas' ? 1 : 0);
          for (const picture of pictures) {
            await expect.poll(() => picture.evaluate(countColours), { message: title }).toBeGreaterThan(3);
          }
        }
        expect(await page.getByRole('alert').count()).toBe(0);
        expect(await page.locator('.skeleton').count()).toBe(0);
        expect(await accessibilityViolations(page)).toEqual([]);
        await page.screenshot({
          path: path.join(picturesFolder, `dashboard-${folder}-${colorScheme}.png`),
          fullPage: true,
        });
      },
    );
  });

  it('show the SQL of every panel, which returns the same rows on its own', async () => {
    for (const { dashboard } of drawnDashboards) {
      const service = dashboard.variables.length > 0 ? '&service=checkout' : '';
      await page.goto(`${console.store.url}/dashboards/${dashboard.uid}?${range}${service}`);
      await page.locator('.board-cell').first().waitFor();
      const links = page.locator('.panel-tools a');
      const addresses = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''));
      const queries = dashboard.panels.flatMap((panel) => panel.queries);
      expect(addresses).toHaveLength(queries.length);
      for (const [nr, address] of addresses.entries()) {
        const sql = new URL(address, console.store.url).searchParams.get('query') ?? '';
        expect(sql).not.toMatch(/\$\d/);
        const answer = await page.request.post(`${console.store.url}/api/sql`, { data: { sql } });
        expect(answer.status(), `${sql}\n${await answer.text()}`).toBe(200);
        const name = (queries[nr] ?? '').replace('.sql', '');
        const takesService = /service_name = '/.test(sql) || sql.includes("'checkout'");
        const response = await page.request.get(
          `${console.store.url}/api/dashboards/${dashboard.uid}/queries/${name}?${name === 'aggregation-lag' ? '' : range}${takesService ? service : ''}`,
        );
        const { rows } = (await response.json()) as { readonly rows: readonly unknown[] };
        expect(((await answer.json()) as { readonly rows: readonly unknown[] }).rows, name).toHaveLength(rows.length);
        expect(rows.length).toBeGreaterThan(0);
      }
    }
    await page.goto(`${console.store.url}/dashboards/${dashboardUids.requestDurations}?range=1h`);
    await page.getByRole('link', { name: 'Show SQL of Slowest requests' }).click();
    await page.waitForURL(/\/sql\?query=/);
    expect(new URL(page.url()).searchParams.get('query')).toContain("ps_trace.time_of('now-1h')");
    await page.getByText('The ten slowest requests').first().waitFor();
  });

  it('zoom to a time range that is selected by dragging, and out again', async () => {
    await page.goto(`${console.store.url}/dashboards/${dashboardUids.requestDurations}?${range}`);
    const chart = page.getByRole('region', { name: 'Request duration percentiles' });
    const box = await boxOf(chart.locator('.u-over'));
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.25, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, y, { steps: 5 });
    await page.mouse.move(box.x + box.width * 0.5, y);
    await page.mouse.up();
    await expect.poll(() => rangeOf(page).fromMs).toBeGreaterThan(nowMs - 3_600_000);
    const zoomed = rangeOf(page);
    expect(Math.abs(zoomed.fromMs - (nowMs - 2_700_000))).toBeLessThan(60_000);
    expect(Math.abs(zoomed.toMs - (nowMs - 1_800_000))).toBeLessThan(60_000);
    // Dragging does not open the traces of a point.
    expect(new URL(page.url()).pathname).toBe(`/dashboards/${dashboardUids.requestDurations}`);
    await page.getByRole('button', { name: 'Zoom out time range' }).click();
    await expect.poll(() => rangeOf(page).fromMs).toBeLessThan(zoomed.fromMs);
    await page.goBack();
    await expect.poll(() => rangeOf(page)).toEqual(zoomed);
    await page.goBack();
    await expect.poll(() => rangeOf(page).fromMs).toBe(nowMs - 3_600_000);
  });

  it('link a row to its trace, and a point, a cell and a bar to a search for their traces', async () => {
    const address = `${console.store.url}/dashboards/${dashboardUids.requestDurations}?${range}`;
    await page.goto(address);
    const row = page.getByRole('table', { name: 'Slowest requests' }).locator('tbody tr').first();
    const traceAddress = await row.locator('a[href^="/trace/"]').getAttribute('href');
    await row.getByRole('link').first().click();
    await page.getByRole('treeitem').first().waitFor();
    expect(new URL(page.url()).pathname).toBe(traceAddress);
    await page.goBack();

    await clickAt(page, 'Request duration percentiles', 0.5, 0.9);
    await page.waitForURL(/\/search\?/);
    const found = rangeOf(page);
    expect(found.toMs - found.fromMs).toBe(60_000);
    expect(Math.abs(found.fromMs - (nowMs - 1_800_000))).toBeLessThanOrEqual(60_000);
    await page.getByText(`${requestsPerMinute} traces, newest first`).waitFor();

    await page.goto(address);
    await clickAt(page, 'Distribution of request durations', 0.5, 0.6);
    await page.waitForURL(/\/search\?.*max=/);
    expect(rangeOf(page).toMs - rangeOf(page).fromMs).toBe(60_000);

    await page.goto(address);
    await clickAt(page, 'Histogram of request durations', 0.2, 0.9);
    await page.waitForURL(/\/search\?.*max=/);
    expect(new URL(page.url()).searchParams.get('min')).toMatch(/^\d+us$/);
    await page.locator('a[href^="/trace/"]').first().waitFor();
  });

  it('have a table for each chart, with links to the same traces', async () => {
    await page.goto(`${console.store.url}/dashboards/${dashboardUids.errorRates}?${range}`);
    const panel = page.getByRole('region', { name: 'Error rates over time' });
    await panel.getByRole('button', { name: 'Table' }).click();
    const table = panel.getByRole('table', { name: 'Error rates over time' });
    await table.getByRole('button', { name: 'error rate' }).click();
    expect(await table.getByRole('columnheader', { name: /error rate/ }).getAttribute('aria-sort')).toBe('descending');
    const service = await table.locator('tbody tr').first().locator('td').nth(1).textContent();
    await table.locator('tbody tr').first().getByRole('link').click();
    await page.waitForURL(/\/search\?/);
    const found = new URL(page.url()).searchParams;
    expect(`${found.get('service')} ${found.get('operation')}`).toBe(service);
    expect(found.get('status')).toBe('error');
    await page.locator('a[href^="/trace/"]').first().waitFor();
  });

  it('select a service and an operation in a list or by a click in a graph', async () => {
    await page.goto(`${console.store.url}/dashboards/${dashboardUids.downstreamSpans}?${range}`);
    const nodes = page.getByRole('region', { name: 'Downstream spans' }).locator('.node');
    await nodes.first().waitFor();
    await page.getByLabel('Service', { exact: true }).selectOption('checkout');
    await expect.poll(() => nodes.count()).toBe(5);
    await page.getByRole('button', { name: /^reserve stock \d/ }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get('operation')).toBe('reserve');
    await expect.poll(() => nodes.count()).toBe(2);
    expect(await page.getByLabel('Operation', { exact: true }).inputValue()).toBe('reserve');
    await page.goto(`${console.store.url}/dashboards/${dashboardUids.serviceDependencies}?${range}`);
    const calls = page.getByRole('table', { name: 'Calls between services' }).locator('tbody tr');
    await expect.poll(() => calls.count()).toBe(11);
    await page.getByRole('button', { name: /^stock \d/ }).click();
    await expect.poll(() => calls.count()).toBe(2);
    await page.getByRole('button', { name: /^stock \d/ }).click();
    await expect.poll(() => calls.count()).toBe(11);
  });

  it('can be used with the keyboard only', async () => {
    await page.goto(`${console.store.url}/dashboards/${dashboardUids.requestDurations}?range=1h`);
    const button = page.getByRole('button', { name: 'Last hour' });
    await button.waitFor();
    await tabTo(page, 'Last hour');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).search).toBe('?range=3h');
    expect(await page.locator(':focus').textContent()).toContain('Last 3 hours');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);

    await page.goto(`${console.store.url}/dashboards/${dashboardUids.requestDurations}?${range}`);
    const chart = page.getByRole('slider', { name: 'Request duration percentiles' });
    await chart.waitFor();
    await tabTo(page, 'Request duration percentiles');
    await page.keyboard.press('ArrowLeft');
    expect(await chart.getAttribute('aria-valuetext')).toMatch(/p99 .* ms, .*p50/);
    for (let nr = 0; nr < 10; nr++) await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('Enter');
    await expect.poll(() => rangeOf(page).toMs - rangeOf(page).fromMs).toBe(600_000);
    await tabTo(page, 'Request duration percentiles');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/search\?/);
    expect(rangeOf(page).toMs - rangeOf(page).fromMs).toBeLessThanOrEqual(60_000);

    await page.goto(`${console.store.url}/?${range}`);
    await page.getByRole('button', { name: /^cart \d/ }).waitFor();
    // The map is one tab stop; the arrow keys move in it.
    const first = (await page.locator('.graph .node[tabindex="0"]').getAttribute('aria-label')) ?? '';
    await tabTo(page, first);
    const focused = (): Promise<string | null> => page.locator(':focus').getAttribute('aria-label');
    for (const key of ['ArrowLeft', 'ArrowRight']) if ((await focused()) === first) await page.keyboard.press(key);
    const label = (await focused()) ?? '';
    expect(label).not.toBe(first);
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).searchParams.get('service')).toBe(label.split(' ')[0]);
  });

  it('accept an absolute time range, and explain an invalid one', async () => {
    await page.goto(`${console.store.url}/dashboards/${dashboardUids.requestDurations}?range=1h`);
    await page.getByRole('button', { name: 'Last hour' }).click();
    await page.getByLabel('From').fill('2026-03-29T12:00:00');
    await page.getByLabel('To', { exact: true }).fill('2026-03-29T11:00:00');
    await page.getByRole('button', { name: 'Apply time range' }).click();
    await page.getByRole('alert').getByText('From must be before To.').waitFor();
    await page.getByLabel('From').fill('2026-03-29T10:00:00');
    await page.getByRole('button', { name: 'Apply time range' }).click();
    await expect.poll(() => rangeOf(page).toMs - rangeOf(page).fromMs).toBe(3_600_000);
    await page.getByText('No data in this time range').first().waitFor();
    await page.getByRole('button', { name: /2026-03-29 10:00:00 – 11:00:00/ }).click();
    await page.getByLabel('Last', { exact: true }).fill('soon');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Enter a number with a unit (s, m, h or d), such as 45m.').waitFor();
    await page.getByLabel('Last', { exact: true }).fill('45m');
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).search).toBe('?range=45m');
  });

  it('refresh automatically at the selected interval', async () => {
    await page.goto(`${console.store.url}/dashboards/${dashboardUids.home}?range=1h`);
    await page.getByLabel('Auto refresh').selectOption('5s');
    expect(new URL(page.url()).search).toBe('?range=1h&refresh=5s');
    const traffic = page.waitForRequest(/queries\/traffic/, { timeout: 15_000 });
    const p95 = page.waitForRequest((request) => request.url().includes('queries/p95'), { timeout: 15_000 });
    await Promise.all([traffic, p95]);
  });

  it.each([
    '/',
    `/dashboards/${dashboardUids.requestDurations}`,
    `/dashboards/${dashboardUids.downstreamSpans}`,
    '/dashboards',
    '/services/payment',
  ])('fit the screen of a phone: %s', async (address) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${console.store.url}${address}?${range}`);
    await page.locator('canvas, .node, .dashboard-cards a').first().waitFor();
    const main = page.getByRole('main');
    expect(await main.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0);
    const name = address.replaceAll('/', '-');
    await page.screenshot({ path: path.join(picturesFolder, `phone${name}.png`) });
  });

  it('show a system of forty services', async () => {
    await sendAll(fleetTraces(nowMs, 30));
    await page.goto(`${console.store.url}/?${range}`);
    await expect
      .poll(() => page.locator('.map .node').count(), { timeout: 60_000 })
      .toBeGreaterThanOrEqual(shop.length + 30);
    // Aggregates follow the spans. With too many edges for labels, only those of the focused service have them.
    await expect.poll(() => page.locator('.edge').count(), { timeout: 60_000 }).toBeGreaterThan(30);
    expect(await page.locator('.edge-label').count()).toBe(0);
    await page.getByRole('button', { name: /^fleet-01 \d/ }).focus();
    await expect.poll(() => page.locator('.edge-label').count()).toBeGreaterThanOrEqual(3);
    await page.screenshot({ path: path.join(picturesFolder, 'overview-forty.png'), fullPage: true });
  });
});

/** A selector of an element that exists when a panel of this kind is rendered. */
const drawnBy = {
  timeseries: 'canvas',
  heatmap: 'canvas',
  histogram: 'canvas',
  pie: 'svg path',
  table: 'tbody tr',
  stat: '.stat',
  nodeGraph: '.node',
  dashboards: 'a',
} as const;

/** The part of a canvas's API that a test uses in the page. */
interface CanvasPixels {
  readonly width: number;
  readonly height: number;
  getContext(kind: '2d'): {
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
  };
}

/** Count the colours of a canvas. An empty canvas has one. */
function countColours(canvas: CanvasPixels): number {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set<string>();
  for (let at = 0; at < data.length; at += 4) colours.add(data.slice(at, at + 4).join());
  return colours.size;
}

/** Count the points of the first line without axes. */
async function countPoints(place: Locator): Promise<number> {
  const line = place.locator('.spark path:not(.under)').first();
  return ((await line.getAttribute('d')) ?? '').split(/[ML]/).length - 1;
}

async function sendAll(services: readonly ServiceSpans[]): Promise<void> {
  for (const { service, spans } of services) {
    for (let first = 0; first < spans.length; first += 5_000) {
      await console.send([{ service, spans: spans.slice(first, first + 5_000) }]);
    }
  }
}

const spansOf = (service: string) => shop.find((each) => each.service === service)?.spans ?? [];

/** Three significant digits. */
function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function attributeOf(key: string, stringValue: string) {
  return { key, value: { stringValue } };
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function rangeOf(page: Page): { readonly fromMs: number; readonly toMs: number } {
  const { searchParams } = new URL(page.url());
  return { fromMs: Date.parse(searchParams.get('from') ?? ''), toMs: Date.parse(searchParams.get('to') ?? '') };
}

async function boxOf(locator: ReturnType<Page['locator']>) {
  await locator.waitFor();
  // Charts may be redrawn in the colours of the services until all requests are finished.
  await locator.page().waitForLoadState('networkidle');
  await locator.scrollIntoViewIfNeeded();
  const box = await locator.boundingBox();
  if (box === null) throw new Error('the element is not visible');
  return box;
}

/** Click a chart. @param x share of its width @param y share of its height, from the top */
async function clickAt(page: Page, title: string, x: number, y: number): Promise<void> {
  const box = await boxOf(page.getByRole('region', { name: title }).locator('.u-over'));
  await page.mouse.move(box.x + box.width * x - 3, box.y + box.height * y);
  await page.mouse.click(box.x + box.width * x, box.y + box.height * y);
}

/** Press Tab until an element with this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let nr = 0; nr < 120; nr++) {
    const [focused] = await page
      .locator(':focus')
      .evaluateAll((all) => all.map((element) => element.getAttribute('aria-label') ?? element.textContent ?? ''));
    if (focused?.startsWith(name) === true) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${name}`);
}
