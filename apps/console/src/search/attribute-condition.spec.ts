import { expect, it } from 'vitest';
import { attributeCondition, conditionParts } from './attribute-condition.ts';

it.each([
  ['http.route', '/numbers', 'http.route=/numbers'],
  ['a key', 'x', '"a key"=x'],
  ['a"b\\c', '=', '"a\\"b\\\\c"=='],
  ['', 'x', '""=x'],
])('writes a condition, and reads it again: %j', (key, value, condition) => {
  expect(attributeCondition(key, value)).toBe(condition);
  expect(conditionParts(condition)).toEqual({ key, operator: '=', value });
});

it.each([
  ['http.r', undefined],
  ['"a = b', { key: '"a', operator: '=', value: 'b' }],
  ['size >= 5', { key: 'size', operator: '>=', value: '5' }],
  ['name!=', { key: 'name', operator: '!=', value: '' }],
])('reads what is typed: %j', (condition, parts) => {
  expect(conditionParts(condition)).toEqual(parts);
});
