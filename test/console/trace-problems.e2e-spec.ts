import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attribute, hexBytes, type SpanInit, text } from '@spandrel/testing/requests';
import { accessibilityViolations } from './accessibility-violations.js';
import { hasChromium } from './chromium.js';
import { type ConsoleUnderTest, picturesFolder, startConsole } from './console-under-test.js';

const startNs = BigInt(Date.now() - 300_000) * 1_000_000n;
const oddTraceId = '1'.repeat(32);
const agentTraceId = '2'.repeat(32);
const markup = `<img src=x onerror="document.title='owned'">`;

/** A span; times are milliseconds after the start of the test's traces. */
function span(traceId: string, id: number, parent: number, start: number, end: number, over: SpanInit): SpanInit {
  const idOf = (n: number): Uint8Array<ArrayBuffer> => hexBytes(n === 0 ? '' : n.toString(16).padStart(16, '0'));
  return {
    traceId: hexBytes(traceId),
    spanId: idOf(id),
    parentSpanId: idOf(parent),
    kind: 1,
    startTimeUnixNano: startNs + BigInt(start * 1e6),
    endTimeUnixNano: startNs + BigInt(end * 1e6),
    ...over,
  };
}

/** A cart that has lost its root, reads stock in a loop, and asks a service whose clock is 3 s behind. */
const odd = {
  shop: [
    span(oddTraceId, 2, 1, 3000, 3700, { name: 'GET /cart', kind: 2 }),
    span(oddTraceId, 3, 2, 3010, 3060, { name: 'GET /users', kind: 3, droppedAttributesCount: 7 }),
    ...Array.from({ length: 24 }, (_, n) =>
      span(oddTraceId, 10 + n, 2, 3100 + n * 15, 3112 + n * 15, { name: 'SELECT stock', kind: 3 }),
    ),
  ],
  users: [span(oddTraceId, 4, 3, 15, 55, { name: 'GET /users', kind: 2 })],
};

const chat = (over: Readonly<Record<string, string>>, tokens: readonly [number, number]) => ({
  name: 'chat gpt-4o',
  kind: 3,
  attributes: [
    text('gen_ai.operation.name', 'chat'),
    text('gen_ai.provider.name', 'openai'),
    text('gen_ai.request.model', 'gpt-4o'),
    attribute('gen_ai.usage.input_tokens', { case: 'intValue', value: BigInt(tokens[0]) }),
    attribute('gen_ai.usage.output_tokens', { case: 'intValue', value: BigInt(tokens[1]) }),
    ...Object.entries(over).map(([key, value]) => text(`gen_ai.${key}`, value)),
  ],
});
const question = { role: 'user', parts: [{ type: 'text', content: `Weather in Paris? ${markup}` }] };
const toolCall = {
  role: 'assistant',
  parts: [{ type: 'tool_call', id: 'call_1', name: 'get_weather', arguments: { location: 'Paris' } }],
};
const toolResult = { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call_1', response: 'rainy, 57°F' }] };
const answer = { role: 'assistant', parts: [{ type: 'text', content: 'It is rainy.' }], finish_reason: 'stop' };

const agent = [
  span(agentTraceId, 1, 0, 0, 4000, {
    name: 'invoke_agent weather',
    attributes: [text('gen_ai.operation.name', 'invoke_agent'), text('gen_ai.agent.name', 'weather')],
  }),
  span(
    agentTraceId,
    2,
    1,
    10,
    1500,
    chat(
      {
        system_instructions: JSON.stringify([{ type: 'text', content: 'Answer briefly.' }]),
        'input.messages': JSON.stringify([question]),
        'output.messages': JSON.stringify([toolCall]),
      },
      [1200, 30],
    ),
  ),
  span(agentTraceId, 3, 1, 1510, 1600, {
    name: 'execute_tool get_weather',
    attributes: [
      text('gen_ai.operation.name', 'execute_tool'),
      text('gen_ai.tool.name', 'get_weather'),
      text('gen_ai.tool.call.arguments', '{"location":"Paris"}'),
      text('gen_ai.tool.call.result', 'rainy, 57°F'),
    ],
  }),
  span(
    agentTraceId,
    4,
    1,
    1610,
    3900,
    chat(
      {
        'input.messages': JSON.stringify([question, toolCall, toolResult]),
        'output.messages': JSON.stringify([answer, { role: 'assistant', content: 'long '.repeat(2000) }]).slice(
          0,
          6000,
        ),
      },
      [1300, 45],
    ),
  ),
];

let console: ConsoleUnderTest;

describe.skipIf(!hasChromium)('the trace page', () => {
  beforeAll(async () => {
    console = await startConsole();
    await console.send([
      ...Object.entries(odd).map(([service, spans]) => ({ service, spans })),
      { service: 'assistant', spans: agent },
    ]);
  });

  afterAll(async () => {
    await console.stop();
  });

  const take = async (page: Page, name: string): Promise<void> => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: path.join(picturesFolder, `${name}-${colorScheme}.png`) });
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: path.join(picturesFolder, `${name}-phone.png`) });
    await page.setViewportSize({ width: 1440, height: 900 });
  };

  it('says what is wrong with a trace, shows the spans, and corrects clocks in all views', async () => {
    const watched = await console.openPage({ viewport: { width: 1440, height: 900 } });
    const { page } = watched;
    await page.goto(`${console.store.url}/trace/${oddTraceId}`);
    const banner = page.getByRole('region', { name: 'Problems of this trace' });
    await banner.getByText('5 problems').waitFor();
    await banner.getByText(/^Still arriving: newest span \d+ s ago/).waitFor();
    expect(await banner.getByRole('listitem').locator('bdi').allTextContents()).toEqual([
      'No root: every span names a parent. The first span is shop: GET /cart',
      'The parent of 1 span is not stored: 1 span is missing',
      'The clock of users is 3 s behind that of shop: 1 of 1 span starts before its parent',
      'The sender dropped 7 attributes of 1 span',
      '24 × SELECT stock in sequence, 288 ms: 41 % of GET /cart',
    ]);
    await page.getByRole('heading', { level: 1 }).getByText('incomplete, no root span').waitFor();
    const duration = page.locator('.facts div').filter({ hasText: 'Duration' }).locator('dd');
    expect(await duration.textContent()).toBe('3.69 s');
    expect(await accessibilityViolations(page)).toEqual([]);
    await take(page, 'trace-problems');

    // The problem leads to its spans, one after the other.
    const next = banner.getByRole('button', { name: /^Next of 24 spans: 24 ×/ });
    for (const id of ['000000000000000a', '000000000000000b']) {
      await next.click();
      await expect.poll(() => new URL(page.url()).searchParams.get('span')).toBe(id);
    }
    expect(await page.getByRole('treeitem', { selected: true }).textContent()).toContain('one of 24 calls in sequence');

    await banner.getByRole('button', { name: 'Correct clocks' }).click();
    await expect.poll(() => duration.textContent()).toBe('700 ms');
    expect(new URL(page.url()).searchParams.get('clocks')).toBe('corrected');
    const corrected = page
      .getByRole('treeitem')
      .filter({ hasText: 'users' })
      .filter({ hasText: 'clock is 3 s behind' });
    await corrected.click();
    // The details are found by the reported times.
    await page.getByRole('complementary', { name: 'Span' }).getByText('Kind').waitFor();
    await take(page, 'trace-corrected');

    // A trace that is complete by now can be reloaded, and then has fewer problems.
    await console.send([{ service: 'web', spans: [span(oddTraceId, 1, 0, 2990, 3710, { name: 'GET /' })] }]);
    await banner.getByText('More spans of this trace have arrived.').waitFor({ timeout: 30_000 });
    await banner.getByRole('button', { name: 'Reload' }).click();
    await banner.getByText('3 problems').waitFor();
    await page.getByRole('heading', { level: 1, name: 'web: GET /', exact: true }).waitFor();
    await watched.close();
  }, 120_000);

  it('shows the conversation of an agent, with its tools and tokens, as text', async () => {
    const watched = await console.openPage({ viewport: { width: 1440, height: 900 } });
    const { page } = watched;
    await page.goto(`${console.store.url}/trace/${agentTraceId}`);
    const facts = page.locator('.facts');
    await facts.getByText('2,500 in, 75 out').waitFor();
    await facts.getByText('gpt-4o').waitFor();
    await page.getByRole('treeitem').getByText('gpt-4o 1,200 in, 30 out').waitFor();
    expect(await page.getByRole('region', { name: 'Problems of this trace' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Conversation' }).click();
    const conversation = page.getByRole('region', { name: 'Conversation' });
    await conversation.getByText('Answer briefly.').waitFor();
    const entries = conversation.getByRole('article');
    expect(await entries.count()).toBe(4);
    expect(await entries.nth(1).locator('.message strong').allTextContents()).toEqual([
      'instructions',
      'user',
      'assistant',
    ]);
    await entries.nth(1).getByText(`Weather in Paris? ${markup}`).waitFor();
    await entries.nth(2).getByText('"location": "Paris"').waitFor();
    // The third call repeats two messages, and has a new one.
    await entries.nth(3).getByText('2 earlier messages').waitFor();
    await entries.nth(3).getByText('rainy, 57°F').waitFor();
    await entries.nth(3).getByText('The content is incomplete: its end is missing.').waitFor();
    expect(await page.title()).not.toBe('owned');
    expect(await accessibilityViolations(page)).toEqual([]);
    await take(page, 'conversation');
    await entries
      .nth(2)
      .getByRole('button', { name: /execute_tool/ })
      .click();
    await expect.poll(() => new URL(page.url()).searchParams.get('span')).toBe('0000000000000003');
    await page.getByRole('complementary', { name: 'Span' }).waitFor();
    await watched.close();
  });
});
