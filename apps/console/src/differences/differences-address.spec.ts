import { describe, expect, it } from 'vitest';
import { tracesAddress } from '../dashboards/traces-address.ts';
import {
  conditionOf,
  differencesAddress,
  differencesOfChange,
  isOfSelection,
  selectedTracesAddress,
  type Selection,
  selectionOf,
} from './differences-address.ts';

const hour = { kind: 'relative', last: '1h' } as const;
const noonMs = Date.UTC(2024, 0, 2, 12);
const search = { service: 'shop', operation: '', attribute: ['tier=gold'] };

describe('the address of a comparison', () => {
  it.each<Selection>([
    { kind: 'errors' },
    { kind: 'slowest' },
    { kind: 'area', min: '1.5 s', max: '', from: '2024-01-02T12:00:00.000Z', to: '2024-01-02T12:05:00.000Z' },
    { kind: 'attribute', condition: '"a b"=c&d' },
  ])('preserves the selection $kind', (selection) => {
    const address = new URL(differencesAddress(search, hour, selection), 'http://x');
    expect(selectionOf(address.searchParams)).toEqual(selection);
    expect(address.searchParams.getAll('attribute')).toEqual(['tier=gold']);
    expect(address.searchParams.get('range')).toBe('1h');
  });

  it('compares failed calls with others where a change has failures', () => {
    const change = { service: 'shop', operation: 'GET /', fromMs: noonMs, toMs: noonMs + 300_000 };
    expect(differencesOfChange(tracesAddress({ ...change, isFailed: true }))).toBe(
      '/differences?service=shop&operation=GET+%2F&from=2024-01-02T12%3A00%3A00.000Z&to=2024-01-02T12%3A05%3A00.000Z&select=errors',
    );
  });

  it('compares slow calls with others where a change has durations', () => {
    const change = { service: 'shop', operation: 'GET /', fromMs: noonMs, toMs: noonMs + 300_000, minMs: 25 };
    const { searchParams } = new URL(differencesOfChange(tracesAddress(change)), 'http://x');
    expect(selectionOf(searchParams)).toEqual({ kind: 'area', min: '25000us', max: '', from: '', to: '' });
  });

  it('compares with the time before where a change is one of the rate', () => {
    const change = { service: 'shop', operation: 'GET /', fromMs: noonMs, toMs: noonMs + 300_000 };
    const { searchParams } = new URL(differencesOfChange(tracesAddress(change)), 'http://x');
    expect(searchParams.get('from')).toBe('2024-01-02T11:45:00.000Z');
    expect(selectionOf(searchParams)).toMatchObject({
      from: '2024-01-02T12:00:00.000Z',
      to: '2024-01-02T12:05:00.000Z',
    });
  });
});

describe('the search for a value', () => {
  it.each([
    [{ level: 'field', key: 'service', value: 'shop', range: null }, { service: 'shop' }],
    [{ level: 'field', key: 'event', value: 'exception', range: null }, undefined],
    [{ level: 'span', key: 'a b', value: 'c', range: null }, { attribute: ['"a b"=c'] }],
    [{ level: 'event', key: 'exception.type', value: null, range: null }, { attribute: ['exception.type'] }],
    [{ level: 'span', key: 'size', value: null, range: { min: 8, max: 16 } }, { attribute: ['size>=8', 'size<16'] }],
    [{ level: 'span', key: 'size', value: null, range: { min: null, max: 0 } }, { attribute: ['size<0'] }],
  ] as const)('of %j is %j', (difference, condition) => {
    expect(conditionOf(difference)).toEqual(condition);
  });

  it('has the conditions of the search and of the selection', () => {
    const area = { kind: 'area', min: '1s', max: '', from: '', to: '' } as const;
    expect(selectedTracesAddress(search, hour, area, { attribute: ['b=1'] })).toBe(
      '/search?service=shop&min=1s&attribute=tier%3Dgold&attribute=b%3D1&range=1h',
    );
  });
});

describe('a difference', () => {
  it.each([
    [{ kind: 'errors' }, { level: 'field', key: 'status' }, true],
    [{ kind: 'errors' }, { level: 'span', key: 'status' }, false],
    [{ kind: 'slowest' }, { level: 'field', key: 'status' }, false],
    [{ kind: 'attribute', condition: '"a b" = c' }, { level: 'span', key: 'a b' }, true],
    [{ kind: 'attribute', condition: 'size' }, { level: 'span', key: 'size' }, true],
    [{ kind: 'attribute', condition: 'size>5' }, { level: 'resource', key: 'other' }, false],
  ] as const)('of the selection %j, %j: %j', (selection, difference, expected) => {
    expect(isOfSelection(selection, difference)).toBe(expected);
  });
});
