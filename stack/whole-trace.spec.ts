import { describe, expect, it } from 'vitest';
import { type ExpectedTrace, findFaults, type TraceSpan } from './whole-trace.ts';

const ports: Readonly<Record<number, string>> = { 3002: 'backend', 5051: 'digit', 5053: 'lower', 5054: 'upper' };
const serviceOnPort = (port: number) => ports[port];
const numbers: ExpectedTrace = { kind: 'numbers', failed: false, serviceOnPort };
const password: ExpectedTrace = { kind: 'password', failed: false, serviceOnPort };

const span = (spanId: string, parentSpanId: string | undefined, rest: Partial<TraceSpan>): TraceSpan => ({
  spanId,
  parentSpanId,
  service: 'generator',
  name: spanId,
  kind: 'internal',
  status: 'unset',
  tags: {},
  events: [],
  ...rest,
});

const root = (id: string, service: string, route: string): TraceSpan =>
  span(id, undefined, { service, kind: 'server', name: `GET ${route}`, tags: { 'http.route': route } });
const call = (id: string, parent: string, service: string, port: number): TraceSpan =>
  span(id, parent, {
    service,
    kind: 'client',
    name: 'GET',
    tags: { 'http.request.method': 'GET', 'server.port': port },
  });
const server = (id: string, parent: string, service: string): TraceSpan =>
  span(id, parent, { service, kind: 'server', name: 'GET /', tags: { 'http.route': '/' } });

const wholeNumbers: readonly TraceSpan[] = [
  root('a', 'frontend', '/numbers'),
  call('b', 'a', 'frontend', 3002),
  server('c', 'b', 'backend'),
  span('d', 'c', {
    service: 'backend',
    kind: 'client',
    name: 'pg.query:SELECT',
    tags: { 'db.system.name': 'postgresql' },
  }),
];

const wholePassword: readonly TraceSpan[] = [
  root('a', 'generator', '/'),
  span('uppers', 'a', { name: 'generator.uppers', events: ['iteration_0'] }),
  call('b', 'uppers', 'generator', 5054),
  server('c', 'b', 'upper'),
  span('lowers', 'a', { name: 'generator.lowers', events: ['iteration_0'] }),
  call('d', 'lowers', 'generator', 5053),
  server('e', 'd', 'lower'),
  call('f', 'e', 'lower', 5051),
  server('g', 'f', 'digit'),
];

const without = (spans: readonly TraceSpan[], id: string) => spans.filter(({ spanId }) => spanId !== id);
const changed = (spans: readonly TraceSpan[], id: string, change: Partial<TraceSpan>) =>
  spans.map((entry) => (entry.spanId === id ? { ...entry, ...change } : entry));

describe('a trace of numbers', () => {
  it('is whole from frontend to PostgreSQL', () => {
    expect(findFaults(wholeNumbers, numbers)).toEqual([]);
  });

  it.each([
    ['no span', [], 'has no span'],
    ['no root', without(wholeNumbers, 'a'), 'has no root'],
    ['two roots', [...wholeNumbers, root('z', 'frontend', '/numbers')], 'has 2 roots'],
    ['a root of another kind', changed(wholeNumbers, 'a', { kind: 'internal' }), 'no SERVER span'],
    ['a root without its route', changed(wholeNumbers, 'a', { name: 'GET' }), 'not named by its route'],
    ['a lost span in between', without(wholeNumbers, 'c'), 'parent that is not there'],
    ['a call that nobody served', without(without(wholeNumbers, 'c'), 'd'), 'has 0 SERVER children'],
    ['a call that the wrong service served', changed(wholeNumbers, 'c', { service: 'digit' }), 'should reach backend'],
    ['no query', without(wholeNumbers, 'd'), 'does not reach PostgreSQL'],
  ])('is not whole with %s', (_, spans, fault) => {
    expect(findFaults(spans, numbers).join('; ')).toContain(fault);
  });
});

describe('a trace of a password', () => {
  it('is whole with a SERVER span for each character', () => {
    expect(findFaults(wholePassword, password)).toEqual([]);
  });

  it.each([
    [
      'a character that never arrived',
      changed(wholePassword, 'uppers', { events: ['iteration_0', 'iteration_1'] }),
      'asked upper 2 times, 1 arrived',
    ],
    ['a lower that did not call digit', without(without(wholePassword, 'f'), 'g'), 'called digit 0 times'],
  ])('is not whole with %s', (_, spans, fault) => {
    expect(findFaults(spans, password).join('; ')).toContain(fault);
  });
});

describe('a trace of a password that a fault failed', () => {
  const failed: ExpectedTrace = { ...password, failed: true };
  const erring = ['a', 'uppers', 'b', 'c'].reduce<readonly TraceSpan[]>(
    (spans, id) => changed(spans, id, { status: 'error' }),
    wholePassword,
  );

  it('is whole when the error is told up to the root', () => {
    expect(findFaults(erring, failed)).toEqual([]);
  });

  it('is not whole when a span on the way keeps the error to itself', () => {
    expect(findFaults(changed(erring, 'uppers', { status: 'unset' }), failed).join('; ')).toContain(
      'does not say ERROR',
    );
    expect(findFaults(changed(erring, 'a', { status: 'unset' }), failed).join('; ')).toContain('does not say ERROR');
  });

  it('is not whole when no character service says ERROR', () => {
    expect(findFaults(wholePassword, failed)).toContain('failed, but no span of a character service says ERROR');
  });
});
