import { describe, expect, it } from 'vitest';
import { parseLenientQuery } from './lenient.js';
import { printQuery } from './print.js';
import { simplifyQuery } from './simplify.js';
import { TraceqlError } from './traceql-error.js';

describe('parseLenientQuery', () => {
  it.each<[string, string]>([
    ['{ .a = 1 && name = }', '{ (.a = 1) && true }'],
    ['{ .a = && .b = 1 }', '{ true && (.b = 1) }'],
    ['{ .a >= && .b =~ }', '{ true }'],
    ['{ !.a = }', '{ false }'],
    ['{ ((.a = ) && .b = 1) || .c = 2 }', '{ (true && (.b = 1)) || (.c = 2) }'],
    ['{ trace:duration != }', '{ true }'],
    ['{ span."foo bar" =', '{ true }'],
    ['{ .a < 3', '{ .a < 3 }'],
    ['{ (.a < 3', '{ .a < 3 }'],
    ['{ .a = } | rate() with(sample=0.5)', '{ true } | rate() with(sample=0.5)'],
    ['{ .a = "x" } && { .b = } || { .c = 1 }', '(({ .a = `x` }) && ({ true })) || ({ .c = 1 })'],
    ['{ .a = 1 }', '{ .a = 1 }'],
  ])('reads %s as %s', (text, printed) => {
    expect(printQuery(simplifyQuery(parseLenientQuery(text)))).toBe(printed);
  });

  it.each(['{ .a = 1 && }', '{ = 1 }', '{ 1 + }', '{ name = 1 }', '} {', ''])('refuses %j', (text) => {
    expect(() => parseLenientQuery(text)).toThrow(TraceqlError);
  });
});
