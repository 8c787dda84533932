import { faultFlags } from '@spandrel/characters';
import { FixedClock, FixedRandomness, FixedSwitches, makeCharacter, recordSpans } from '@spandrel/characters/testing';
import { describe, expect, it } from 'vitest';
import { DigitModule } from './digit.module.js';

const recorder = recordSpans();
const faults = faultFlags.filter((flag) => flag.startsWith('digit-'));

interface Circumstances {
  readonly minute?: number;
  readonly unlucky?: boolean;
  readonly off?: typeof faults;
}

const make = (character: string, { minute = 11, unlucky = false, off = [] }: Circumstances = {}) =>
  makeCharacter(
    DigitModule.forRoot({ FLAGS_FILE: 'none' }),
    {
      clock: new FixedClock(minute),
      randomness: new FixedRandomness({ character, unlucky }),
      switches: new FixedSwitches(...off),
    },
    recorder,
  );

const char = (value: string) => ({ attributes: { char: value } });
const processing = (value: string) => ({ name: 'processing digit char', ...char(value) });
const waveAt11Ms = expect.closeTo(0.002, 3);

describe('digit', () => {
  it('picks, processes and renders a digit, each in a span that has the digit', async () => {
    expect(await make('7')).toEqual({
      answer: { char: '7' },
      spans: [
        { name: 'random_digit', ...char('7') },
        { name: 'process_digit', ...char('7'), events: [processing('7')] },
        { name: 'render_digit', ...char('7') },
      ],
      sleptMs: [0.3, waveAt11Ms, 0.1, 0.2],
      draws: ['N(0.3, 0.1)', 'N(0.002, 0)', 'N(0.1, 0.05)', 'N(0.2, 0.1)'],
    });
  });

  it.each([
    [1, 368.294],
    [11, 0.002],
    [14, 398.121],
    [44, 203.54],
  ])('is slowed by a wave that at minute %i stands at %d ms', async (minute, waveMs) => {
    expect((await make('7', { minute })).sleptMs).toEqual([0.3, expect.closeTo(waveMs, 2), 0.1, 0.2]);
  });

  it('renders slowly every fifth minute', async () => {
    expect((await make('7', { minute: 55 })).sleptMs.slice(-2)).toEqual([0.2, 50]);
    expect((await make('7', { minute: 0 })).sleptMs.slice(-2)).toEqual([0.2, 50]);
    expect((await make('7', { minute: 0 })).draws.at(-1)).toBe('N(50, 5)');
    expect((await make('7', { minute: 56 })).sleptMs.slice(-2)).toEqual([0.1, 0.2]);
  });

  it.each(['4', '5', '6'])('takes longer to process %s', async (character) => {
    const { spans, sleptMs, draws } = await make(character);
    expect(spans[1]?.children).toEqual([{ name: 'extra_process_digit', ...char(character) }]);
    expect(sleptMs).toEqual([0.3, waveAt11Ms, 0.1, 5, 0.2]);
    expect(draws).toContain('N(5, 0.5)');
  });

  it.each(['0', '2', '8'])('has extra work for the even digit %s by chance', async (character) => {
    const { answer, spans, sleptMs, draws } = await make(character, { unlucky: true });
    expect(answer).toEqual({ char: character });
    expect(spans[1]?.events).toEqual([processing(character), { name: 'extra work', ...char(character) }]);
    expect(sleptMs).toEqual([0.3, waveAt11Ms, 0.1, 0.2, 0.2]);
    expect(draws.slice(3, 5)).toEqual(['P(0.01)', 'N(0.2, 0.1)']);
  });

  it.each(['1', '3', '7', '9'])('has no extra work for the odd digit %s', async (character) => {
    expect((await make(character, { unlucky: true })).spans[1]?.events).toEqual([processing(character)]);
  });

  it('has no effect of its faults when they are off', async () => {
    expect(await make('4', { minute: 0, unlucky: true, off: faults })).toEqual({
      answer: { char: '4' },
      spans: [
        { name: 'random_digit', ...char('4') },
        { name: 'process_digit', ...char('4'), events: [processing('4')] },
        { name: 'render_digit', ...char('4') },
      ],
      sleptMs: [0.3, 0.1, 0.2],
      draws: ['N(0.3, 0.1)', 'N(0.1, 0.05)', 'N(0.2, 0.1)'],
    });
  });

  it.each(faults)('has a fault that only %s turns off', async (flag) => {
    const all = await make('4', { minute: 0, unlucky: true });
    const without = await make('4', { minute: 0, unlucky: true, off: [flag] });
    expect(without).not.toEqual(all);
  });
});
