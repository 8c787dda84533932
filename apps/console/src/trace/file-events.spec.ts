import { describe, expect, it } from 'vitest';
import { fileAttributeMatches, fileEvents } from './file-events.ts';
import { readTraceFile } from './trace-file.ts';

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const span = (spanId: string, start: number, events: readonly (readonly [name: string, at: number])[]) => ({
  traceId: '1'.repeat(32),
  spanId: spanId.repeat(16),
  name: 'work',
  startTimeUnixNano: String(start),
  endTimeUnixNano: String(start + 100),
  attributes: [attribute('id', spanId)],
  events: events.map(([name, at]) => ({ name, timeUnixNano: String(at), attributes: [attribute('of', name)] })),
});
const many = Array.from({ length: 30 }, (_, n) => [n === 25 ? 'exception' : 'tick', 200 + n] as const);
const spans = [
  span('a', 100, [
    ['late', 190],
    ['early', 110],
  ]),
  span('b', 120, many),
];
const resource = { attributes: [attribute('service.name', 'shop')] };
const [trace] = readTraceFile(JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }));
const stored = trace?.spans ?? [];

describe('the events of a file', () => {
  it('have marks: the first 20 of a span in the order of time, and exceptions', () => {
    const marks = trace?.waterfall.eventMarks;
    expect(marks?.names).toEqual(['early', 'late', 'tick', 'exception']);
    expect(marks?.timeNs.slice(0, 3)).toEqual([10, 90, 100]);
    expect(marks?.span).toEqual([0, 0, ...Array.from({ length: 21 }, () => 1)]);
    expect(marks?.name.at(-1)).toBe(3);
  });

  it('come in the order of time', () => {
    const { events, nextCursor } = fileEvents(stored, undefined);
    expect(events.map(({ timeUnixNano }) => Number(timeUnixNano))).toEqual([110, 190, ...many.map(([, at]) => at)]);
    expect(nextCursor).toBeNull();
  });
});

describe('fileAttributeMatches', () => {
  it.each([
    ['id=a', ['a']],
    ['id', ['a', 'b']],
    ['of=exception', ['b']],
    ['service.name=shop', ['a', 'b']],
    ['toString', []],
  ])('finds the spans with %s', (condition, expected) => {
    expect(fileAttributeMatches(stored, condition)).toEqual(expected.map((id) => id.repeat(16)));
  });

  it('refuses other operators', () => {
    expect(() => fileAttributeMatches(stored, 'id>a')).toThrow('attribute must be a key, or a key and a value with =');
  });
});
