import { expect, it } from 'vitest';
import { attributeCondition, conditionParts } from './attribute-condition.ts';

it.each([
  ['http.route', '/numbers', 'http.route=/numbers'],
  ['a key', 'x', '"a key"=x'],
  ['a"b\\c', '=', '"a\\"b\\\\c"=='],
  ['', 'x', '""=x'],
])('attributeCondition writes what conditionParts reads: %j', (key, value, condition) => {
  expect(attributeCondition(key, value)).toBe(condition);
  expect(conditionParts(condition)).toEqual({ key, operator: '=', value });
});

it.each([
  ['http.r', undefined],
  ['"a = b', { key: '"a', operator: '=', value: 'b' }],
  ['size >= 5', { key: 'size', operator: '>=', value: '5' }],
  ['name!=', { key: 'name', operator: '!=', value: '' }],
])('conditionParts splits a condition that is being typed: %j', (condition, parts) => {
  expect(conditionParts(condition)).toEqual(parts);
});
