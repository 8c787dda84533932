import { expect, it } from 'vitest';
import { parseOptions } from './options.ts';

it('parseOptions starts everything, with load and faults, by default', () => {
  expect(parseOptions([])).toEqual({
    help: false,
    smoke: false,
    storeOnly: false,
    workshop: false,
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

it.each([
  [['--logs'], { logs: 'all' }],
  [['--logs', '--smoke'], { logs: 'all', smoke: true }],
  [['--logs', 'upper', '--fresh'], { logs: 'upper', fresh: true }],
  [['--logs=upper'], { logs: 'upper' }],
  [['--store-only'], { storeOnly: true, load: false }],
  [['--workshop'], { workshop: true, storeOnly: true, load: false, memory: true }],
  [['--port-offset', '100'], { portOffset: 100 }],
  [['--port-offset=100'], { portOffset: 100 }],
  [['--port-offset', 'free'], { portOffset: 'free' }],
])('parseOptions accepts %j', (args, expected) => {
  expect(parseOptions(args)).toMatchObject(expected);
});

it.each([
  [['--smoke', '--store-only'], /exclude each other/],
  [['--smoke', '--workshop'], /--workshop exclude each other/],
  [['--smok'], /Unknown option '--smok'/],
  [['smoke'], /Unexpected argument 'smoke'/],
  [['--logs', 'uper'], /--logs must be one of .*upper, .*got uper/],
  [['--port-offset'], /'--port-offset <value>' argument missing/],
  [['--port-offset', 'ten'], /--port-offset must be an integer from 0 to 48264, got ten/],
  [['--port-offset=-1'], /got -1/],
  [['--port-offset', '60000'], /got 60000/],
])('parseOptions rejects %j', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});
