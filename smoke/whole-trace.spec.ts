import { describe, expect, it } from 'vitest';
import { type ExpectedTrace, findDefects, type TraceSpan } from './whole-trace.ts';

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

describe('findDefects of a trace of numbers', () => {
  it('finds none from frontend to PostgreSQL', () => {
    expect(findDefects(wholeNumbers, numbers)).toEqual([]);
  });

  it.each([
    ['no span', [], 'has no span'],
    ['no root', without(wholeNumbers, 'a'), 'has no root'],
    ['two roots', [...wholeNumbers, root('z', 'frontend', '/numbers')], 'has 2 roots'],
    ['a root of another kind', changed(wholeNumbers, 'a', { kind: 'internal' }), 'not a SERVER span'],
    ['a root without its route', changed(wholeNumbers, 'a', { name: 'GET' }), 'not named after its route'],
    ['a lost span in between', without(wholeNumbers, 'c'), 'parent that is missing'],
    ['a call without a server', without(without(wholeNumbers, 'c'), 'd'), 'has no SERVER child'],
    [
      'a call that the wrong service served',
      changed(wholeNumbers, 'c', { service: 'digit' }),
      'reached digit instead of backend',
    ],
    ['no query', without(wholeNumbers, 'd'), 'does not reach PostgreSQL'],
  ])('finds %s', (_, spans, defect) => {
    expect(findDefects(spans, numbers).join('; ')).toContain(defect);
  });
});

describe('findDefects of a trace of a password', () => {
  it('finds none with a SERVER span for each character', () => {
    expect(findDefects(wholePassword, password)).toEqual([]);
  });

  it.each([
    [
      'a call that did not arrive',
      changed(wholePassword, 'uppers', { events: ['iteration_0', 'iteration_1'] }),
      'called upper 2 times, 1 arrived',
    ],
    ['a lower that did not call digit', without(without(wholePassword, 'f'), 'g'), 'called digit 0 times'],
  ])('finds %s', (_, spans, defect) => {
    expect(findDefects(spans, password).join('; ')).toContain(defect);
  });
});

describe('findDefects of a trace of a failed password request', () => {
  const failed: ExpectedTrace = { ...password, failed: true };
  const failing = ['a', 'uppers', 'b', 'c'].reduce<readonly TraceSpan[]>(
    (spans, id) => changed(spans, id, { status: 'error' }),
    wholePassword,
  );

  it('finds none when every span up to the root has the status ERROR', () => {
    expect(findDefects(failing, failed)).toEqual([]);
  });

  it('finds a span without the status ERROR above the origin', () => {
    expect(findDefects(changed(failing, 'uppers', { status: 'unset' }), failed).join('; ')).toContain(
      'does not have the status ERROR',
    );
    expect(findDefects(changed(failing, 'a', { status: 'unset' }), failed).join('; ')).toContain(
      'does not have the status ERROR',
    );
  });

  it('finds that no character service has the status ERROR', () => {
    expect(findDefects(wholePassword, failed)).toContain(
      'failed, but no span of a character service has the status ERROR',
    );
  });
});
