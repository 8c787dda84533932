import { SeededChance } from '@spandrel/testing/random-spans';
import { parseQuery, printQuery } from '@spandrel/traceql';
import { describe, expect, it } from 'vitest';
import { type Grid, queryRange } from './metrics-evaluation.ts';
import { RandomQuery } from './random-query.ts';
import { randomTraces } from './random-traces.ts';
import { EvaluationError, search, type Spanset } from './search-evaluation.ts';
import { readTraces, type SpanModel } from './trace-model.ts';

const start = 1_700_000_000_000_000_000n;
const traces = readTraces(randomTraces(new SeededChance(5), 15, start));
const allSpans = traces.flatMap(({ spans }) => spans);
const relations = ['>', '<', '>>', '<<', '~'];

/** The spans that a search finds, in the order of traces. */
function spansOf(text: string): readonly SpanModel[] {
  return spansetsOf(text).flatMap(({ spans }) => spans);
}

function spansetsOf(text: string): readonly Spanset[] {
  return search(parseQuery(text), traces).flatMap(({ spansets }) => spansets);
}

function sameTraces(spans: readonly SpanModel[], others: readonly SpanModel[]): readonly SpanModel[] {
  return spans.filter(({ trace }) => others.some((other) => other.trace === trace));
}

/** Calls a check with random filters. */
function forFilters(seed: number, count: number, check: (a: string, b: string) => void): void {
  const random = new RandomQuery(new SeededChance(seed));
  for (let index = 0; index < count; index += 1) check(random.filter(), random.filter());
}

/** The condition of a filter as a bool. */
function conditionOf(filter: string): string {
  return `(${filter.slice(1, -1).trim() || 'true'}) && true`;
}

describe('every answer of the evaluation', () => {
  it('is the same for the canonical text of a query', () => {
    const random = new RandomQuery(new SeededChance(11));
    const grid: Grid = { start, step: 7_000_000_000n, count: 10 };
    const answer = (text: string) => {
      try {
        const query = parseQuery(text);
        return query.body.node === 'pipeline' ? spansetsOf(text) : queryRange(query, traces, grid);
      } catch (error) {
        if (error instanceof EvaluationError) return error.message;
        throw error;
      }
    };
    let notEmpty = 0;
    for (let index = 0; index < 100; index += 1) {
      const text = random.query();
      const answered = answer(text);
      expect(answer(printQuery(parseQuery(text))), text).toEqual(answered);
      if (answered.length > 0) notEmpty += 1;
    }
    expect(notEmpty).toBeGreaterThan(30);
  });

  it('and that of the negated condition are all spans', () => {
    forFilters(21, 75, (filter) => {
      const condition = conditionOf(filter);
      const found = [...spansOf(`{ ${condition} }`), ...spansOf(`{ !(${condition}) }`)];
      expect(new Set(found), filter).toEqual(new Set(allSpans));
      expect(found, filter).toHaveLength(allSpans.length);
    });
  });

  it('of both conditions on spans is that of one after the other', () => {
    forFilters(22, 75, (a, b) => {
      // Two conditions on events in one filter mean one event.
      if (/event|link/.test(a + b)) return;
      expect(spansOf(`{ (${conditionOf(a)}) && (${conditionOf(b)}) }`), `${a} ${b}`).toEqual(spansOf(`${a} | ${b}`));
    });
  });

  it('of alternatives is that of either filter', () => {
    forFilters(23, 75, (a, b) => {
      const either = spansOf(`{ (${conditionOf(a)}) || (${conditionOf(b)}) }`);
      expect(spansOf(`${a} || ${b}`), `${a} ${b}`).toEqual(either);
      const both = sameTraces(sameTraces(either, spansOf(a)), spansOf(b));
      expect(spansOf(`${a} && ${b}`), `${a} ${b}`).toEqual(both);
    });
  });

  it('of a relation and of its negation are the spans of the right side', () => {
    forFilters(24, 50, (a, b) => {
      for (const relation of relations) {
        const related = spansOf(`${a} ${relation} ${b}`);
        const found = new Set([...related, ...spansOf(`${a} !${relation} ${b}`)]);
        expect(found, `${a} ${relation} ${b}`).toEqual(new Set(spansOf(b)));
      }
    });
  });

  it('of a relation with both sides is that of the relation and of its reverse', () => {
    const reverse: Readonly<Record<string, string>> = { '>': '<', '<': '>', '>>': '<<', '<<': '>>', '~': '~' };
    forFilters(25, 50, (a, b) => {
      for (const relation of relations) {
        const found = [...spansOf(`${a} ${relation} ${b}`), ...spansOf(`${b} ${reverse[relation]} ${a}`)];
        expect(new Set(spansOf(`${a} &${relation} ${b}`)), `${a} ${relation} ${b}`).toEqual(new Set(found));
      }
    });
  });

  it('by groups has every span once, and so has coalesce', () => {
    forFilters(26, 25, (a) => {
      for (const field of ['name', 'span.foo', '.http', 'duration', 'event.k', 'rootName']) {
        expect(new Set(spansOf(`${a} | by(${field})`)), a).toEqual(new Set(spansOf(a)));
        expect(spansOf(`${a} | by(${field})`), a).toHaveLength(spansOf(a).length);
        expect(new Set(spansOf(`${a} | by(${field}) | coalesce()`)), a).toEqual(new Set(spansOf(a)));
      }
    });
  });

  it('counts over time what the search finds', () => {
    const grid: Grid = { start: start - 10_000_000_000n, step: 1_000_000_000n, count: 100 };
    forFilters(27, 50, (a) => {
      for (const by of ['', 'by(name)', 'by(span.foo, kind)', 'by(duration)']) {
        const series = queryRange(parseQuery(`${a} | count_over_time() ${by}`), traces, grid);
        const total = series.flatMap(({ values }) => values).reduce((sum, value) => sum + value, 0);
        expect(total, `${a} ${by}`).toBe(spansOf(a).length);
      }
    });
  });
});
