import { readFileSync } from 'node:fs';
import { SeededChance } from '@spandrel/testing/random-spans';
import { mutateQuery, RandomQuery } from '@spandrel/traceql/testing';
import { describe, expect, it } from 'vitest';
import type { Query } from './ast.js';
import { maxDepth, maxNesting, maxQueryBytes, maxRegexSize, maxTokens } from './limits.js';
import { parseQuery } from './parse-query.js';
import { printQuery } from './print.js';
import { TraceqlError, type TraceqlErrorKind } from './traceql-error.js';

interface RecordedQuery {
  readonly tempo: string;
  readonly isMetrics: boolean;
  readonly text: string;
}

/** What Tempo's parser says of queries: class, kind, text. */
const recorded: readonly RecordedQuery[] = readFileSync(
  new URL('../testing/recorded/query-classes.tsv', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [tempo = '', kind = '', text = '""'] = line.split('\t');
    return { tempo, isMetrics: kind === 'metrics', text: JSON.parse(text) as string };
  });

const classes: Readonly<Record<TraceqlErrorKind, string>> = {
  syntax: 'parse_error',
  validation: 'validate_error',
  unsupported: 'unsupported',
  limit: 'limit',
};

/** The error of a text, or undefined if it is a query. An error of another class is thrown on. */
function errorOf(text: string, parse: (text: string) => unknown = parseQuery): TraceqlError | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof TraceqlError) return error;
    throw error;
  }
}

/** The tree without places. */
function shapeOf(query: Query): unknown {
  return JSON.parse(
    JSON.stringify({ body: query.body, hints: query.hints }, (key, value: unknown) => {
      if (key === 'from' || key === 'to') return undefined;
      return typeof value === 'bigint' ? `${value}n` : value;
    }),
  );
}

describe('queries that Tempo has judged', () => {
  // An it() for each of them would take longer than the parser.
  it('have the same class here, except for extensions', () => {
    const differing = recorded.flatMap(({ text, tempo }) => {
      const error = errorOf(text);
      const ours = error === undefined ? 'valid' : classes[error.kind];
      if (ours === tempo) return [];
      const extensions = error === undefined ? parseQuery(text).extensions.map(({ name }) => name) : [];
      return tempo === 'unsupported' && extensions.length > 0 ? [] : [{ text, tempo, ours }];
    });
    expect(differing).toEqual([]);
    expect(recorded).toHaveLength(859);
  });

  it('use no extension where Tempo takes them', () => {
    const valid = recorded.filter(({ tempo }) => tempo === 'valid');
    expect(valid.filter(({ text }) => parseQuery(text).extensions.length > 0)).toEqual([]);
  });

  it('are searches or metrics, as in Tempo', () => {
    const valid = recorded.filter(({ tempo }) => tempo === 'valid');
    expect(valid.filter(({ text, isMetrics }) => (parseQuery(text).body.node !== 'pipeline') !== isMetrics)).toEqual(
      [],
    );
  });

  it('print as a text with the same tree', () => {
    for (const { text, tempo } of recorded) {
      if (tempo !== 'valid') continue;
      const query = parseQuery(text);
      expect(shapeOf(parseQuery(printQuery(query))), text).toEqual(shapeOf(query));
    }
  });
});

describe('syntax', () => {
  it.each<[string, string]>([
    ['comments end a word', '{ .a/*x*/ = 1 // y\n && /* z\n */ .b }'],
    ['numbers may have a point at either end', '{ .a = 5. && .b = .5 }'],
    ['a number before letters of a duration', '{ .a = .24h && .b = 1y2w3d && .c = 1h1.5s }'],
    ['white space is free between words', '\t{\n.a\n=\r\n1\n}\u00a0'],
    ['scoped intrinsics', '{ trace:duration > 1s && span:kind = server && event:timeSinceStart < 1ms }'],
    ['operators without white space', '{.a>=-1&&!.b||.c!~"x"}'],
    ['names with signs', '{ .a+b-c*d%e:f[0]#@ = 1 }'],
    ['quoted parts of names', '{ span."foo bar".baz."x\\"y" = 1 && ."a""b" = .c"d e" }'],
    ['the empty name', '{ ."" = 1 }'],
    ['nil on both sides of all kinds of operators', '{ nil = .a && .b != nil && (nil != nil) = .c }'],
    ['all relations', '{} > {} >> {} < {} << {} ~ {} !> {} !>> {} !< {} !<< {} !~ {} &> {} &>> {} &< {} &<< {} &~ {}'],
    ['pipelines on both sides', '({ .a } | { .b }) &>> (({ .c } | count() > 1) || ({ .d } | { .e }))'],
    ['aggregates of expressions', '{ } | max(duration / 2 + 1ms) >= (1s + 2s) * 3'],
    ['stages of all kinds', 'by(.a) | coalesce() | { .b } | select(.a, name) | avg(.c) != 2 | ({ .x } ~ { .y })'],
    ['metrics after a comparison', 'count() > 2 | rate() by(name)'],
    ['metrics of metrics', '(({} | rate()) * 2 - ({} | rate() | topk(2))) / 3 > 1 | bottomk(1)'],
    ['a constant before metrics', '2 * 3 + ({} | rate())'],
    ['a negative constant before metrics', '-1 / ({} | rate())'],
    ['a filter of samples by a duration', '{} | max_over_time(duration) > 1.5s'],
    ['compare with all parameters', '{} | compare({ status = error }, 5, 1, 2)'],
    ['hints of all types', '{} with(a=1,b=1.5,c="x",d=true,e=1s,f=ok,g=server)'],
    ['several hints', '{} with(a=1) with(b=2)'],
  ])('%s', (_, text) => {
    const query = parseQuery(text);
    expect(query.extensions).toEqual([]);
    expect(shapeOf(parseQuery(printQuery(query)))).toEqual(shapeOf(query));
  });

  it.each<[string, string]>([
    ['{', 'parse error at line 1, col 2: syntax error: unexpected $end'],
    ['', 'parse error at line 1, col 1: syntax error: unexpected $end'],
    ['{ .a = "x', 'parse error at line 1, col 8: literal not terminated'],
    ['{ .a = "x\n" }', 'parse error at line 1, col 8: literal not terminated'],
    ['{ .a = "\\q" }', 'parse error at line 1, col 9: invalid char escape'],
    ['{ ."a\\n" }', 'parse error at line 1, col 6: invalid escape sequence'],
    ['{ ."a }', 'parse error at line 1, col 3: unexpected EOF, expecting "'],
    ['{ /* x }', 'parse error at line 1, col 3: comment not terminated'],
    ["{ .a = 'x' }", "parse error at line 1, col 8: unknown identifier: '"],
    ['{ .a = TRUE }', 'parse error at line 1, col 8: unknown identifier: TRUE'],
    ['{ trace.a = 1 }', 'parse error at line 1, col 3: unknown identifier: trace'],
    ['{ span. x }', 'parse error at line 1, col 3: syntax error: unexpected END_ATTRIBUTE, expecting IDENTIFIER'],
    ['{ .a = 0198 }', "parse error at line 1, col 8: invalid digit '9' in octal literal"],
    ['{ .a = 1_000 }', 'parse error at line 1, col 8: strconv.Atoi: parsing "1_000": invalid syntax'],
    [
      '{ .a = 9223372036854775808 }',
      'parse error at line 1, col 8: strconv.Atoi: parsing "9223372036854775808": value out of range',
    ],
    ['{ .ü = 1 }\n& { }', 'parse error at line 2, col 1: syntax error: unexpected IDENTIFIER, expecting with'],
    [
      '{ event:foo }',
      'parse error at line 1, col 9: syntax error: unexpected IDENTIFIER, expecting name or timeSinceStart',
    ],
    ['{ nil }', 'parse error at line 1, col 7: syntax error: unexpected }, expecting = or !='],
    ['{ .a > nil }', 'parse error at line 1, col 12: syntax error: unexpected }, expecting = or !='],
    ['{} | count()', 'parse error at line 1, col 13: syntax error: unexpected $end'],
    ['5 > 3', 'parse error at line 1, col 6: syntax error: unexpected $end'],
    ['count(.x)', 'parse error at line 1, col 7: syntax error: unexpected ., expecting )'],
    ['{} | by(.a, .b)', 'parse error at line 1, col 11: syntax error: unexpected ,'],
    ['{} | rate() | { true }', 'parse error at line 1, col 15: syntax error: unexpected {, expecting topk or bottomk'],
    ['{} | compare({}, 10, 1)', 'parse error at line 1, col 23: syntax error: unexpected ), expecting ,'],
    ['{} | compare({}) by(.a)', 'parse error at line 1, col 18: syntax error: unexpected by, expecting with'],
    ['{} with(duration=1)', 'parse error at line 1, col 9: syntax error: unexpected duration, expecting IDENTIFIER'],
    ['{} with(a=-1)', 'parse error at line 1, col 11: syntax error: unexpected -'],
    ['({} | count() > 1) && { .a }', 'parse error at line 1, col 23: syntax error: unexpected {, expecting ('],
    ['2 < ({} | count())', 'parse error at line 1, col 6: syntax error: unexpected {'],
    ['({} | rate()) ^ 2', 'parse error at line 1, col 15: syntax error: unexpected ^, expecting with'],
    ['({} | rate()) + count()', 'parse error at line 1, col 17: syntax error: unexpected count'],
    ['({} | rate()) + ({} | count())', 'parse error at line 1, col 30: syntax error: unexpected )'],
    ['{} | rate() + 5', 'parse error at line 1, col 13: syntax error: unexpected +, expecting with'],
    [
      '1s + ({} | rate())',
      'parse error at line 1, col 1: duration cannot be used as a scalar operand in metric arithmetic',
    ],
    ['{} | rate() > 1s + 1', 'parse error at line 1, col 15: duration cannot be used in scalar arithmetic'],
    [
      '{} | quantile_over_time(duration, -1)',
      'parse error at line 1, col 35: syntax error: unexpected -, expecting INTEGER or FLOAT',
    ],
    ['{} | count_distinct', 'parse error at line 1, col 6: syntax error: unexpected IDENTIFIER'],
  ])('%j is %s', (text, message) => {
    expect(errorOf(text)).toMatchObject({ kind: 'syntax', message });
  });

  it('marks the place of an error by offsets in UTF-16', () => {
    const error = errorOf('{ ."🙂" = 1 &&\n  name = 5 }');
    expect(error).toMatchObject({ kind: 'validation', from: 17, to: 25, line: 2, column: 3 });
  });

  it('marks the places of nodes', () => {
    const text = '{ (.a = 1) && "x" = name } | avg(duration) > 5';
    const { body } = parseQuery(text);
    if (body.node !== 'pipeline') throw new Error('not a search');
    const parts = body.stages.map(({ from, to }) => text.slice(from, to));
    expect(parts).toEqual(['{ (.a = 1) && "x" = name }', 'avg(duration) > 5']);
    const [filter] = body.stages;
    if (filter?.node !== 'filter' || filter.condition.node !== 'binary') throw new Error('not a filter');
    const { left, right } = filter.condition;
    expect([left, right].map(({ from, to }) => text.slice(from, to))).toEqual(['.a = 1', '"x" = name']);
  });
});

describe('validation', () => {
  it.each<[string, string]>([
    ['{ duration = "100ms" }', 'binary operations must operate on the same type: duration = `100ms`'],
    ['{ status =~ "error" }', 'binary operations must operate on the same type: status =~ `error`'],
    ['{ rootName != 3.2 }', 'binary operations must operate on the same type: rootName != 3.2'],
    ['{ 1 < .a < 3 }', 'binary operations must operate on the same type: (1 < .a) < 3'],
    ['{ .a > .b > .c }', 'illegal operation for the given types: (.a > .b) > .c'],
    ['{ true > false }', 'illegal operation for the given types: true > false'],
    ['{ "a" + "b" = "c" }', 'illegal operation for the given types: `a` + `b`'],
    ['{ -true }', 'illegal operation for the given type: -true'],
    ['{ !duration }', 'illegal operation for the given type: !duration'],
    ['{ name !~ .a }', 'invalid type for =~ or !~: .a'],
    ['{ .a =~ "(?=x)" }', 'invalid regex: `(?=x)`'],
    ['{ .a =~ "x" || .a =~ "[" }', 'invalid regex: `[`'],
    ['{ duration = nil }', 'duration=nil is not valid because intrinsics cannot be nil'],
    [
      '{ nil = resource.service.name }',
      'resource.service.name=nil is not valid because resource.service.name cannot be nil',
    ],
    ['{} | max(name) > 1', 'aggregate field expressions must resolve to a number type: max(name)'],
    ['{} | max(1h + 2h) > 1', 'aggregate field expressions must reference the span: max(1.08e+13)'],
    ['{} | count_distinct(1) > 1', 'aggregate field expressions must reference the span: count_distinct(1)'],
    ['{} | quantile(duration, 2) > 1', 'quantile must be between 0 and 1: 2'],
    ['{} | by(1 + 2)', 'grouping field expressions must reference the span: by(3)'],
    ['{} | { 1 }', 'span filter field expressions must resolve to a boolean: { 1 }'],
    ['{} | compare({ name })', 'span filter field expressions must resolve to a boolean: { name }'],
    ['{} | compare({}, 0)', 'compare() top number of values must be between 1 and 1000, got 0'],
    ['{} | compare({}, 1001)', 'compare() top number of values must be between 1 and 1000, got 1001'],
    ['{} | compare({}, 1, 2, 2)', 'compare() end timestamp must be greater than start timestamp'],
    ['({} | compare({})) * 2', '`compare()` cannot be used with second stage functions'],
    ['{} | rate() | topk(0)', 'limit must be greater than 0'],
    ['{} | quantile_over_time(duration, 1.5)', 'quantile must be between 0 and 1: 1.5'],
  ])('%s: %s', (text, message) => {
    expect(errorOf(text)).toMatchObject({ kind: 'validation', message });
  });

  it.each<[string, string]>([
    ['{ parent = 1 }', 'intrinsic (parent) not yet supported'],
    ['{} | rate() by(.a,.b,.c,.d,.e,.f)', 'metrics group by 6 values not yet supported'],
    ['{} | avg_over_time(duration) by(.a,.b,.c,.d,.e)', 'metrics group by 5 values not yet supported'],
  ])('%s is not supported: %s', (text, message) => {
    expect(errorOf(text)).toMatchObject({ kind: 'unsupported', message });
  });

  it.each([
    '{ duration > 100 && span:childCount = 2.0 }',
    '{ .a = .b = true }',
    '{ kind != nil && name != nil && nestedSetParent != nil }',
    '{ span.service.name = nil || .service.name = nil }',
    '{ .a = server && "a" = .b && instrumentation:name =~ "x" }',
    '{ .a + 1 = .b && -.a < 2 && !.b }',
    '{} | sum_over_time(name)',
    '{} | min(.a) < 2 / 6',
    '{} | rate() by(.a,.b,.c,.d,.e)',
  ])('%s is valid', (text) => {
    expect(errorOf(text)).toBeUndefined();
  });
});

describe('extensions', () => {
  it.each<[string, string]>([
    ['{ parent.a = 1 }', 'parent'],
    ['{ parent.span.a = parent.resource.b }', 'parent,parent'],
    ['{} | select(parent.a)', 'parent'],
    ['{} | avg(duration) > 2 * min(duration)', 'scalar'],
    ['{} | 3 < count()', 'scalar'],
    ['({ .a } | count()) > ({ .b } | count())', 'scalar'],
    ['({ .a } | count()) > 2', 'scalar'],
    ['{} | count_distinct(resource.service.name) > 3', 'count_distinct'],
    ['{} | quantile(duration, 0.99) > 1s', 'quantile'],
    ['{} with(order=slowest)', 'order'],
  ])('%s uses %s', (text, names) => {
    const query = parseQuery(text);
    expect(query.extensions.map(({ name }) => name).join()).toBe(names);
    expect(shapeOf(parseQuery(printQuery(query)))).toEqual(shapeOf(query));
  });

  it('are marked with their place', () => {
    const text = '{ .a = 1 && parent.b = 2 }';
    const places = parseQuery(text).extensions.map(({ from, to }) => text.slice(from, to));
    expect(places).toEqual(['parent.b']);
  });
});

describe('random queries', () => {
  it('are valid, and print as a text with the same tree', () => {
    const random = new RandomQuery(new SeededChance(1));
    for (let count = 0; count < 1000; count += 1) {
      const text = random.query();
      const query = parseQuery(text);
      const printed = printQuery(query);
      expect(shapeOf(parseQuery(printed)), text).toEqual(shapeOf(query));
      expect(printQuery(parseQuery(printed)), text).toBe(printed);
    }
  });

  it('throw nothing but errors of the library when they are damaged', () => {
    const chance = new SeededChance(2);
    const random = new RandomQuery(chance);
    let invalid = 0;
    for (let count = 0; count < 5000; count += 1) {
      const error = errorOf(mutateQuery(random.query(), chance));
      if (error === undefined) continue;
      invalid += 1;
      expect(error.from).toBeLessThanOrEqual(error.to);
    }
    expect(invalid).toBeGreaterThan(2500);
  });
});

describe('limits', () => {
  it.each<[string, string]>([
    ['bytes', `{ .a = "${'x'.repeat(maxQueryBytes)}" }`],
    ['bytes', `{ .a = "${'ü'.repeat(maxQueryBytes / 2)}" }`],
    ['words and operators', `{ ${'.a '.repeat(maxTokens)} }`],
    ['words and operators', '('.repeat(60_000)],
    ['levels deep', `{ ${'('.repeat(maxNesting + 1)}.a${')'.repeat(maxNesting + 1)} }`],
    ['levels deep', '('.repeat(10_000)],
    ['levels deep', `{ ${'!'.repeat(10_000)}.a }`],
    ['levels deep', `{ ${'- '.repeat(10_000)}.a = 1 }`],
    ['levels deep', `{ .a = ${'2 ^ '.repeat(5000)} 2 }`],
    ['levels deep', `count() > ${'- '.repeat(5000)} 2`],
    ['operators in a row', `{ .a${' || .a'.repeat(maxDepth)} }`],
    ['operators in a row', `{}${' >> {}'.repeat(maxDepth + 1)}`],
    ['operators in a row', `count() > 1${' + 1'.repeat(maxDepth + 1)}`],
    ['operators in a row', `({} | rate())${' + 1'.repeat(maxDepth + 1)}`],
    ['operators in a row', `${'(({}|{}) && '.repeat(maxDepth)}({})${')'.repeat(maxDepth)}`],
    ['states', `{ .a =~ "${'x'.repeat(maxRegexSize + 1)}" }`],
    ['states', '{ .a =~ `(abcdefgh|[^\\]x]){999}` }'],
    ['states', `{ ${'.a !~ "x{1000}" && '.repeat(11)}.a }`],
    ['states', `{ ${'"x" =~ "x{1000}" || '.repeat(11)}.a }`],
    ['invalid regex', '{ .a =~ "(a{10}){101}" }'],
  ])('are errors beyond them: %s', (problem, text) => {
    expect(errorOf(text)?.message).toContain(problem);
  });

  it.each<[string, string]>([
    ['parentheses', `{ ${'('.repeat(maxNesting)}.a${')'.repeat(maxNesting)} }`],
    ['alternatives', `{ .a${' || .a'.repeat(maxDepth - 10)} }`],
    ['negations', `{ ${'!'.repeat(maxDepth - 10)}.a }`],
    ['powers', `{ .a${' ^ .a'.repeat(maxDepth - 10)} = 1 }`],
    ['relations', `{}${' >> {}'.repeat(maxDepth - 10)}`],
    ['pipelines', `${'(({}|{}) && '.repeat(maxDepth - 10)}({}|{})${')'.repeat(maxDepth - 10)}`],
    ['sums', `count() > 1${' + 1'.repeat(maxDepth - 10)}`],
    ['sums of series', `({} | rate())${' + 1'.repeat(maxDepth - 10)}`],
  ])('leave room for many %s, also in the canonical text', (_, text) => {
    const query = parseQuery(text);
    expect(shapeOf(parseQuery(printQuery(query)))).toEqual(shapeOf(query));
  });

  it.each<[string, (length: number) => string]>([
    ['digits', (length) => '9'.repeat(length)],
    ['digits before letters', (length) => `{ .a = ${'1d.'.repeat(length / 3)} }`],
    ['quotes', (length) => `{ .${'"a"'.repeat(length / 3)} }`],
    ['escapes', (length) => `{ .a = "${'\\x41'.repeat(length / 4)}" }`],
    ['comments', (length) => `${'/**/'.repeat(length / 4)}{}`],
    ['slashes', (length) => `{ .a = 1 } ${'/ '.repeat(Math.min(length / 2, maxTokens - 10))}`],
    ['stages', (length) => `{}${'|{}'.repeat(Math.min(length / 3, maxTokens / 4))}`],
    ['fields', (length) => `{} | select(.a${',.a'.repeat(Math.min(length / 3, maxTokens / 3))})`],
    ['spaces', (length) => `{${' '.repeat(length)}}`],
  ])('the time for %s grows with their number', (_, make) => {
    const small = make(30_000);
    const large = make(120_000);
    errorOf(large);
    // Four times the text: quadratic time would be sixteen times as long.
    expect(cpuMs(large)).toBeLessThan(Math.max(10 * cpuMs(small), 50));
  });
});

/** The least processor time of three runs, in milliseconds. */
function cpuMs(text: string): number {
  const runs = Array.from({ length: 3 }, () => {
    const start = process.cpuUsage();
    errorOf(text);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...runs);
}
