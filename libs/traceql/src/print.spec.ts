import { describe, expect, it } from 'vitest';
import { formatDuration, formatFloat, parseDuration } from './duration.js';
import { parseQuery } from './parse-query.js';
import { printQuery } from './print.js';
import { simplifyQuery } from './simplify.js';

describe('the canonical text', () => {
  it.each<[string, string]>([
    ['{}', '{ true }'],
    ['{ .a||.b && .c }', '{ (.a || .b) && .c }'],
    ['{ !.a = .b }', '{ (!.a) = .b }'],
    ['{ !.a * .b = .c }', '{ (!(.a * .b)) = .c }'],
    ['{ -.a * .b = 1 }', '{ (-(.a * .b)) = 1 }'],
    ['{ -.a ^ 2 = 4 }', '{ (-(.a ^ 2)) = 4 }'],
    ['{ -.a + .b = 1 }', '{ ((-.a) + .b) = 1 }'],
    ['{ .a ^ .b ^ .c = 1 }', '{ (.a ^ (.b ^ .c)) = 1 }'],
    ['{ .a - .b - .c = 1 }', '{ ((.a - .b) - .c) = 1 }'],
    ['{ .a+.b = 1 }', '{ .a+.b = 1 }'],
    ['{ .a -1 = 1 }', '{ (.a - 1) = 1 }'],
    ['{ span:name = "x" && trace:rootService != "y" }', '{ (name = `x`) && (rootServiceName != `y`) }'],
    ['{ span."foo bar".baz = "`" }', '{ span."foo bar.baz" = "`" }'],
    ['{ ."a\\"b" = 1 || ."a\\\\b" = 2 }', '{ (."a\\"b" = 1) || (.a\\b = 2) }'],
    ['{ ."3" = 010 }', '{ ."3" = 10 }'],
    ['{ parent."span.x" = 1 }', '{ parent."span.x" = 1 }'],
    ['{ .a = "\\x41\\303\\274\\u00fc\\U0001f600" }', '{ .a = `Aüü😀` }'],
    [
      '{ .a = 1E3 && .b = 5. && .c = 1e-7 && .d = 123456789.5 }',
      '{ (((.a = 1000.0) && (.b = 5.0)) && (.c = 1e-07)) && (.d = 1.234567895e+08) }',
    ],
    ['{ .a = minInt && .b = 1d12h && .c = 1.5us }', '{ ((.a = minInt) && (.b = 36h0m0s)) && (.c = 1.5µs) }'],
    ['{.a} && {.b}', '({ .a }) && ({ .b })'],
    ['{.a} && {.b} >> {.c} || {.d}', '(({ .a }) && (({ .b }) >> ({ .c }))) || ({ .d })'],
    ['{.a} > {.b} ~ {.c} << {.d}', '((({ .a }) > ({ .b })) ~ ({ .c })) << ({ .d })'],
    ['count() > 3 | by(name) | select(.a,name) | coalesce()', '(count()) > 3|by(name)|select(.a, name)|coalesce()'],
    ['{} | avg(.a + 1) > 2 + max(duration)', '{ true }|(avg(.a + 1)) > (2 + (max(duration)))'],
    ['({.a}|count()) > ({.b}|max(duration))', '({ .a }|count()) > ({ .b }|max(duration))'],
    ['{} | rate() by (name, span.a) | topk(3) > 1s', '{ true } | rate()by(name,span.a) | topk(3) > 1s'],
    ['{} | quantile_over_time(duration, .5, 0.999999)', '{ true } | quantile_over_time(duration,0.50000,0.999999)'],
    ['{} | compare({.a}, 10)', '{ true } | compare({ .a })'],
    ['{} | compare({.a}, 3, 1, 2)', '{ true } | compare({ .a }, 3, 1, 2)'],
    ['({}|rate()) * 100 / ({}|rate()) > 5', '(({ true } | rate()) * 100) / ({ true } | rate()) > 5'],
    ['5 + ({}|rate()) * 10', '5 + (({ true } | rate()) * 10)'],
    ['{} with(a=1, b="x") with(c=ok, d=1s)', '{ true } with(c=ok,d=1s)'],
    ['{} with(order=slowest)', '{ true } with(order=slowest)'],
  ])('of %s is %s', (text, canonical) => {
    expect(printQuery(parseQuery(text))).toBe(canonical);
  });
});

describe('simplifyQuery', () => {
  it.each<[string, string]>([
    ['{ 1 + 2 * 3 = 7 }', '{ true }'],
    ['{ .a = 2 ^ 3 }', '{ .a = 8 }'],
    ['{ .a = 2 ^ 3 ^ 2 }', '{ .a = 512 }'],
    ['{ .a = 2 ^ -1 || .b = (-1) ^ -3 }', '{ (.a = 0) || (.b = -1) }'],
    ['{ .a = 2.0 ^ 0.5 }', '{ .a = 1.4142135623730951 }'],
    ['{ .a = -2 ^ 2 }', '{ .a = -4 }'],
    ['{ .a = -7 / 2 && .b = -7 % 3 }', '{ (.a = -3) && (.b = -1) }'],
    ['{ .a = 7 / 0 && .b = 7 % 0 }', '{ (.a = (7 / 0)) && (.b = (7 % 0)) }'],
    ['{ .a = 7.0 / 0 }', '{ .a = +Inf }'],
    ['{ .a = maxInt + 1 }', '{ .a = minInt }'],
    ['{ .a = 1s / 2 && .b = 1s + 1 }', '{ (.a = 5e+08) && (.b = 1.000000001e+09) }'],
    ['{ 5.0 % 0.0 = 1.0 || 1 = 1. }', '{ true }'],
    ['{ "a" < "b" && "\\U0001f600" > "\\uffff" && "x" =~ "X|x" }', '{ true }'],
    ['{ nil = nil || nil != nil || 1 = nil || nil != 1 }', '{ true }'],
    ['{ nil = .a && nil != name }', '{ (.a = nil) && (name != nil) }'],
    ['{ !(1 > 2) && ok != error && server = server }', '{ true }'],
    ['{ trace:id = "00abc" && "0d" = trace:id }', '{ (trace:id = `abc`) && (`d` = trace:id) }'],
    ['{ trace:id =~ "00abc" && link:traceID = "00abc" }', '{ (trace:id =~ `00abc`) && (link:traceID = `00abc`) }'],
    ['{ .a = 1 || 2 = .a || .a = 3 }', '{ .a IN [1, 2, 3] }'],
    ['{ .a = 1 || .a = 2.0 }', '{ (.a = 1) || (.a = 2.0) }'],
    ['{ .a = 1 || span.a = 2 }', '{ (.a = 1) || (span.a = 2) }'],
    ['{ .a = 1 && .a = 2 }', '{ (.a = 1) && (.a = 2) }'],
    ['{ .a != 1 && .a != 2 || .b != 1 }', '{ (.a NOT IN [1, 2]) || (.b != 1) }'],
    ['{ name =~ "a" || name =~ "b" }', '{ name MATCH ANY [`a`, `b`] }'],
    ['{ name !~ "a" && name !~ "b" }', '{ name MATCH NONE [`a`, `b`] }'],
    ['{ .a = nil || .a = nil }', '{ (.a = nil) || (.a = nil) }'],
    ['{} | max(1 + 2 + .a) > (1 + 2) * 3', '{ true }|(max(3 + .a)) > 9'],
    ['{} | rate() > 90s', '{ true } | rate() > 90'],
    ['{} | rate() > 1500ms', '{ true } | rate() > 1.5'],
    ['3 * 2 + ({} | rate())', '6 + ({ true } | rate())'],
    ['({.a = 1 || .a = 2} | count() > 1 + 1)', '{ .a IN [1, 2] }|(count()) > 2'],
    ['{} | compare({ 1 = 1 && .a })', '{ true } | compare({ true && .a })'],
  ])('turns %s into %s', (text, simple) => {
    expect(printQuery(simplifyQuery(parseQuery(text)))).toBe(simple);
  });
});

describe('durations', () => {
  it.each<[string, bigint | undefined]>([
    ['1y2w', 31_536_000_000_000_000n + 1_209_600_000_000_000n],
    ['1d12h', 129_600_000_000_000n],
    ['1h15m30.9s', 4_530_900_000_000n],
    ['100ms5us', 100_005_000n],
    ['1µs1μs1us1ns', 3001n],
    ['.24h', 864_000_000_000n],
    ['1.5d', undefined],
    ['1h1d', undefined],
    ['300y', undefined],
    ['12', undefined],
  ])('%s is %s ns', (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds);
  });

  it.each<[bigint, string]>([
    [0n, '0s'],
    [999n, '999ns'],
    [1500n, '1.5µs'],
    [343_333_333n, '343.333333ms'],
    [60_000_000_000n, '1m0s'],
    [-3_601_500_000_000n, '-1h0m1.5s'],
  ])('%s ns are printed as %s', (nanoseconds, text) => {
    expect(formatDuration(nanoseconds)).toBe(text);
  });

  it.each<[number, string]>([
    [1, '1'],
    [-0, '-0'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [123456.5, '123456.5'],
    [1e6, '1e+06'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Inf'],
  ])('the float %s is printed as %s', (value, text) => {
    expect(formatFloat(value)).toBe(text);
  });
});
