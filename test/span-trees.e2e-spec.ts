import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Branch, branchOf, draw, readSpanTree, type SpanNode } from '@spandrel/testing/span-tree';
import { type StackUnderTest, startStackUnderTest } from './stack-under-test.ts';

// Complete traces, span by span: an instrumentation with missing or additional spans fails here.

let stack: StackUnderTest;

beforeAll(async () => {
  stack = await startStackUnderTest(['frontend', 'generator']);
});
afterAll(() => stack?.stop());

/** Makes a request and waits until its trace has the expected size or the time is over. */
async function traceOf(url: string, method: 'GET' | 'POST', isWhole: (roots: readonly SpanNode[]) => boolean) {
  const response = await fetch(url, { method });
  await response.text();
  const [, traceId = ''] = response.headers.get('traceresponse')?.split('-') ?? [];
  const deadline = Date.now() + 15_000;
  for (;;) {
    const roots = await readSpanTree(stack.databaseUrl, traceId);
    if (isWhole(roots) || Date.now() > deadline) return { status: response.status, roots };
    await sleep(200);
  }
}

function count(nodes: readonly SpanNode[]): number {
  return nodes.reduce((sum, { children }) => sum + 1 + count(children), 0);
}

describe('a trace of frontend and backend', () => {
  it('has exactly the expected spans for POST /numbers', async () => {
    // A pool closes a connection after ten idle seconds. Opening a new one would add a span to the trace.
    await fetch(`${stack.url('frontend')}/numbers?limit=1`);
    const { status, roots } = await traceOf(`${stack.url('frontend')}/numbers`, 'POST', (found) => count(found) >= 12);
    expect(status).toBe(201);
    expect(draw(roots.map(branchOf))).toBe(`\
frontend server POST /numbers
  frontend internal NumbersController.create
    frontend internal backend.draw
      frontend client POST
        backend server POST /numbers
          backend internal NumbersController.create
            backend internal numbers.draw
              backend client save random_number
                backend client pg-pool.connect
                backend client pg.query:COMMIT numbers
                backend client pg.query:INSERT numbers
                backend client pg.query:START numbers
`);
  });

  it('has exactly the expected spans for GET /numbers', async () => {
    const url = `${stack.url('frontend')}/numbers?limit=3`;
    const { status, roots } = await traceOf(url, 'GET', (found) => count(found) >= 10);
    expect(status).toBe(200);
    expect(draw(roots.map(branchOf))).toBe(`\
frontend server GET /numbers
  frontend internal NumbersController.latest
    frontend internal backend.latest
      frontend client GET
        backend server GET /numbers
          backend internal NumbersController.latest
            backend internal numbers.latest
              backend client find random_number
                backend client pg-pool.connect
                backend client pg.query:SELECT numbers
`);
  });
});

const leaf = (label: string): Branch => ({ label, below: [] });

/** The spans of a character service for one call. */
function character(service: string, below: readonly Branch[]): Branch {
  return {
    label: `${service} server GET /`,
    below: [{ label: `${service} internal CharacterController.character`, below }],
  };
}

function threeSteps(service: string): Branch {
  return character(
    service,
    ['random', 'process', 'render'].map((step) => leaf(`${service} internal ${step}_${service}`)),
  );
}

const lower = character('lower', [
  { label: 'lower internal digit', below: [{ label: 'lower client GET', below: [threeSteps('digit')] }] },
]);

/** The spans of generator, with the spans below each of its calls. */
const calls: Readonly<Record<string, Branch>> = {
  'generator.uppers': threeSteps('upper'),
  'generator.lowers': lower,
  'generator.digits': threeSteps('digit'),
  'generator.specials': threeSteps('special'),
};

/** The number of calls per kind of character is random. The events of the trace hold it. */
function expectedPassword(roots: readonly SpanNode[]): Branch {
  const rounds = generateSpan(roots)?.children ?? [];
  const below = rounds.map(({ name, events }) => ({
    label: `generator internal ${name}`,
    below: events
      .filter((event) => event.startsWith('iteration_'))
      .map(() => ({ label: 'generator client GET', below: [calls[name] ?? leaf('an unknown kind')] })),
  }));
  return {
    label: 'generator server GET /',
    below: [
      {
        label: 'generator internal GeneratorController.password',
        below: [{ label: 'generator internal generator.generate', below }],
      },
    ],
  };
}

function generateSpan(roots: readonly SpanNode[]): SpanNode | undefined {
  return roots[0]?.children[0]?.children[0];
}

describe('a trace of generator', () => {
  it('has exactly the expected spans, one call per fetched character', async () => {
    const { status, roots } = await traceOf(
      stack.url('generator'),
      'GET',
      (found) => count(found) > 30 && draw(found.map(branchOf)) === draw([expectedPassword(found)]),
    );
    expect(status).toBe(200);
    expect(draw(roots.map(branchOf))).toBe(draw([expectedPassword(roots)]));
    const generate = generateSpan(roots);
    const names = generate?.children.map(({ name }) => name) ?? [];
    const rounds = names.length / 4;
    expect(rounds).toBeGreaterThanOrEqual(1);
    for (const name of Object.keys(calls)) expect(names.filter((candidate) => candidate === name).length).toBe(rounds);
    expect(generate?.events).toEqual([
      'selecting_password_length',
      ...Array.from({ length: rounds }, (_, round) => `generate_loop_${round + 1}`),
      'shuffling_password',
      ...(generate?.events.includes('trimming_password') ? ['trimming_password'] : []),
    ]);
  });
});
