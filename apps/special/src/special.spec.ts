import { faultFlags } from '@spandrel/characters';
import { FixedClock, FixedRandomness, FixedSwitches, makeCharacter, recordSpans } from '@spandrel/characters/testing';
import { describe, expect, it } from 'vitest';
import { SpecialModule } from './special.module.js';

const recorder = recordSpans();
const faults = faultFlags.filter((flag) => flag.startsWith('special-'));

const make = (character: string, { unlucky = false, off = [] as typeof faults } = {}) =>
  makeCharacter(
    SpecialModule.forRoot({ FLAGS_FILE: 'none' }),
    {
      clock: new FixedClock(),
      randomness: new FixedRandomness({ character, unlucky }),
      switches: new FixedSwitches(...off),
    },
    recorder,
  );

const char = (value: string) => ({ attributes: { char: value } });
const processing = (value: string) => ({ name: 'processing special char', ...char(value) });

describe('special', () => {
  it.each([...'^&*<>,.:;/+={}[]-_|\\~`'])('creates %s without extra work or failure', async (character) => {
    expect(await make(character, { unlucky: true })).toEqual({
      answer: { char: character },
      spans: [
        { name: 'random_special', ...char(character) },
        { name: 'process_special', ...char(character), events: [processing(character)] },
        { name: 'render_special', ...char(character) },
      ],
      sleptMs: [0.3, 0.1, 0.2],
      draws: ['N(0.3, 0.1)', 'N(0.1, 0.05)', 'N(0.2, 0.1)'],
    });
  });

  it.each([...'$@#?%'])('takes longer to process %s', async (character) => {
    const { answer, spans, sleptMs, draws } = await make(character);
    expect(answer).toEqual({ char: character });
    expect(spans[1]?.children).toEqual([{ name: 'extra_process_special', ...char(character) }]);
    expect(sleptMs).toEqual([0.3, 0.1, 5, 0.2]);
    expect(draws).toContain('N(5, 0.5)');
  });

  it.each([...'!@?'])('fails at %s by chance, in the span of the process step', async (character) => {
    const { answer, spans, draws } = await make(character, { unlucky: true, off: ['special-extra-process'] });
    expect(answer).toBe(`FAILED to process ${character}`);
    expect(draws.at(-1)).toBe('P(0.05)');
    expect(spans).toEqual([
      { name: 'random_special', ...char(character) },
      {
        name: 'process_special',
        ...char(character),
        events: [
          processing(character),
          {
            name: 'exception',
            attributes: {
              char: character,
              'exception.type': 'Error',
              'exception.message': `FAILED to process ${character}`,
            },
          },
        ],
        error: `FAILED to process ${character}`,
      },
    ]);
  });

  it('has no effect of its faults when they are off', async () => {
    expect(await make('@', { unlucky: true, off: faults })).toEqual({
      answer: { char: '@' },
      spans: [
        { name: 'random_special', ...char('@') },
        { name: 'process_special', ...char('@'), events: [processing('@')] },
        { name: 'render_special', ...char('@') },
      ],
      sleptMs: [0.3, 0.1, 0.2],
      draws: ['N(0.3, 0.1)', 'N(0.1, 0.05)', 'N(0.2, 0.1)'],
    });
  });

  it.each(faults)('has a fault that only %s turns off', async (flag) => {
    const all = await make('@', { unlucky: true });
    const without = await make('@', { unlucky: true, off: [flag] });
    expect(without).not.toEqual(all);
  });
});
