import { expect, it } from 'vitest';
import { parseOptions } from './options.ts';

it('starts everything, with load and faults, unless told otherwise', () => {
  expect(parseOptions([])).toEqual({
    smoke: false,
    storeOnly: false,
    load: true,
    faults: true,
    fresh: false,
    memory: false,
    dev: false,
    open: true,
    portOffset: 0,
    logs: 'none',
  });
});

it('takes --logs with and without a service', () => {
  expect(parseOptions(['--logs']).logs).toBe('all');
  expect(parseOptions(['--logs', '--smoke'])).toMatchObject({ logs: 'all', smoke: true });
  expect(parseOptions(['--logs', 'upper', '--fresh'])).toMatchObject({ logs: { service: 'upper' }, fresh: true });
  expect(parseOptions(['--logs=upper']).logs).toEqual({ service: 'upper' });
});

it('makes no load for a store alone', () => {
  expect(parseOptions(['--store-only'])).toMatchObject({ storeOnly: true, load: false });
});

it.each([
  [['--smoke', '--store-only'], /give one of them/],
  [['--smok'], /unknown option --smok/],
  [['smoke'], /unknown option smoke/],
  [['--logs', 'uper'], /--logs uper: there is no such service/],
  [['--port-offset'], /--port-offset has no value/],
  [['--port-offset', 'ten'], /--port-offset is ten/],
  [['--port-offset', '-1'], /--port-offset is -1/],
  [['--port-offset', '60000'], /--port-offset is 60000/],
])('refuses %j', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});

it('reads the offset either way', () => {
  expect(parseOptions(['--port-offset', '100']).portOffset).toBe(100);
  expect(parseOptions(['--port-offset=100']).portOffset).toBe(100);
});
