import { faultFlags } from '@spandrel/characters';
import { FixedClock, FixedRandomness, FixedSwitches, makeCharacter, recordSpans } from '@spandrel/characters/testing';
import { describe, expect, it } from 'vitest';
import { UpperModule } from './upper.module.js';

const recorder = recordSpans();
const faults = faultFlags.filter((flag) => flag.startsWith('upper-'));

interface Circumstances {
  readonly minute?: number;
  readonly unlucky?: boolean;
  readonly off?: typeof faults;
}

const make = (character: string, { minute = 30, unlucky = false, off = [] }: Circumstances = {}) =>
  makeCharacter(
    UpperModule.forRoot({ FLAGS_FILE: 'none' }),
    {
      clock: new FixedClock(minute),
      randomness: new FixedRandomness({ character, unlucky }),
      switches: new FixedSwitches(...off),
    },
    recorder,
  );

const char = (value: string) => ({ attributes: { char: value } });
const processing = (value: string) => ({ name: 'processing upper char', ...char(value) });
const exception = (value: string) => ({
  name: 'exception',
  attributes: { char: value, 'exception.type': 'Error', 'exception.message': `FAILED to process ${value}` },
});

describe('upper', () => {
  it('picks, processes and renders a letter, each in a span that has the letter', async () => {
    expect(await make('Q')).toEqual({
      answer: { char: 'Q' },
      spans: [
        { name: 'random_upper', ...char('Q') },
        { name: 'process_upper', ...char('Q'), events: [processing('Q')] },
        { name: 'render_upper', ...char('Q') },
      ],
      sleptMs: [3, 0.1, 0.2],
      draws: ['N(3, 0.01)', 'N(0.1, 0.05)', 'P(0.01)', 'N(0.2, 0.1)'],
    });
  });

  it('gets slower with the minute of the hour', async () => {
    expect((await make('Q', { minute: 0 })).sleptMs).toEqual([0.1, 0.2]);
    expect((await make('Q', { minute: 59 })).sleptMs).toEqual([5.9, 0.1, 0.2]);
  });

  it('has extra work for any letter by chance', async () => {
    const { spans, sleptMs, draws } = await make('Q', { unlucky: true });
    expect(spans[1]?.events).toEqual([processing('Q'), { name: 'extra work', ...char('Q') }]);
    expect(sleptMs).toEqual([3, 0.1, 0.2, 0.2]);
    expect(draws.slice(2)).toEqual(['P(0.01)', 'N(0.2, 0.1)', 'N(0.2, 0.1)']);
  });

  it.each(['X', 'R'])('takes longer to process %s', async (letter) => {
    const { spans, sleptMs, draws } = await make(letter);
    expect(spans[1]?.children).toEqual([{ name: 'extra_process_upper', ...char(letter) }]);
    expect(sleptMs).toEqual([3, 0.1, 5, 0.2]);
    expect(draws).toContain('N(5, 0.5)');
  });

  it('has two delays when it processes Z', async () => {
    const { spans, sleptMs } = await make('Z');
    expect(spans[1]?.children).toEqual([
      { name: 'extra_process_upper', ...char('Z') },
      { name: 'extra_extra_process_upper', ...char('Z') },
    ]);
    expect(sleptMs).toEqual([3, 0.1, 5, 0.1, 0.2]);
  });

  it.each(['A', 'T'])('fails at %s by chance, in the failed span and its ancestors', async (letter) => {
    expect(await make(letter, { unlucky: true, off: ['upper-extra-work'] })).toEqual({
      answer: `FAILED to process ${letter}`,
      spans: [
        { name: 'random_upper', ...char(letter) },
        {
          name: 'process_upper',
          ...char(letter),
          events: [processing(letter), exception(letter)],
          error: `FAILED to process ${letter}`,
          children: [
            {
              name: 'extra_extra_process_upper',
              ...char(letter),
              events: [exception(letter)],
              error: `FAILED to process ${letter}`,
            },
          ],
        },
      ],
      sleptMs: [3, 0.1, 0.1],
      draws: ['N(3, 0.01)', 'N(0.1, 0.05)', 'N(0.1, 0.08)', 'P(0.05)'],
    });
  });

  it('processes A without a failure most of the time', async () => {
    const { answer, spans } = await make('A');
    expect(answer).toEqual({ char: 'A' });
    expect(spans[1]?.children).toEqual([{ name: 'extra_extra_process_upper', ...char('A') }]);
  });

  it('has no effect of its faults when they are off', async () => {
    expect(await make('Z', { minute: 59, unlucky: true, off: faults })).toEqual({
      answer: { char: 'Z' },
      spans: [
        { name: 'random_upper', ...char('Z') },
        { name: 'process_upper', ...char('Z'), events: [processing('Z')] },
        { name: 'render_upper', ...char('Z') },
      ],
      sleptMs: [0.1, 0.2],
      draws: ['N(0.1, 0.05)', 'N(0.2, 0.1)'],
    });
  });

  it.each(faults)('has a fault that only %s turns off', async (flag) => {
    const all = await make('Z', { unlucky: true });
    const without = await make('Z', { unlucky: true, off: [flag] });
    expect(without).not.toEqual(all);
  });
});
