import { Logger } from '@nestjs/common';
import { faultFlags } from '@spandrel/characters';
import {
  FixedClock,
  FixedRandomness,
  FixedSwitches,
  makeCharacter,
  recordSpans,
  type ScriptedAnswer,
  startUpstream,
  type Upstream,
} from '@spandrel/characters/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { LowerModule } from './lower.module.js';

Logger.overrideLogger(false);
const recorder = recordSpans();
const faults = faultFlags.filter((flag) => flag.startsWith('lower-'));
const aDigit: ScriptedAnswer = { status: 200, body: '{"char":"7"}' };

let digit: Upstream;
afterEach(() => digit.stop());

const make = (character: string, { off = [] as typeof faults } = {}) =>
  makeCharacter(
    LowerModule.forRoot({ FLAGS_FILE: 'none', DIGIT_URL: digit.url, UPSTREAM_TIMEOUT_MS: 100 }),
    {
      clock: new FixedClock(),
      randomness: new FixedRandomness({ character, unlucky: true }),
      switches: new FixedSwitches(...off),
    },
    recorder,
  );

const char = (value: string) => ({ attributes: { char: value } });
const call = { name: 'GET', kind: 'CLIENT' };
const digitSpan = (character: string) => ({ name: 'digit', ...char(character), children: [call] });

describe('lower', () => {
  it('requests a digit in the same trace and ignores it', async () => {
    digit = await startUpstream(aDigit);
    expect(await make('q')).toEqual({ answer: { char: 'q' }, spans: [digitSpan('q')], sleptMs: [], draws: [] });
    expect(digit.requests).toHaveLength(1);
  });

  it.each([
    ['z', 'extra_process_lower', 50],
    ['x', 'extra_process_lower', 50],
    ['r', 'extra_process_lower', 50],
    ['a', 'extra_extra_process_lower', 10],
    ['t', 'extra_extra_process_lower', 10],
  ])('takes longer to process %s: %s, %i ms', async (character, name, durationMs) => {
    digit = await startUpstream(aDigit);
    expect(await make(character)).toEqual({
      answer: { char: character },
      spans: [digitSpan(character), { name, ...char(character) }],
      sleptMs: [durationMs],
      draws: [`N(${durationMs}, 0)`],
    });
  });

  it.each(['z', 'a'])('has no effect of the faults of %s when they are off', async (character) => {
    digit = await startUpstream(aDigit);
    expect(await make(character, { off: faults })).toEqual({
      answer: { char: character },
      spans: [digitSpan(character)],
      sleptMs: [],
      draws: [],
    });
  });

  it.each<[string, ScriptedAnswer, string, string]>([
    ['fails', { status: 500, body: '{"status":500}' }, 'ERR_BAD_RESPONSE', 'Request failed with status code 500'],
    ['answers with something else', { status: 200, body: '{"digit":7}' }, 'Error', 'has no char'],
    ['does not answer', 'never', 'ECONNABORTED', 'timeout of 100ms exceeded'],
  ])('answers all the same when digit %s', async (_, answer, type, message) => {
    digit = await startUpstream(answer);
    expect(await make('q')).toEqual({
      answer: { char: 'q' },
      spans: [failedDigitSpan(type, message)],
      sleptMs: [],
      draws: [],
    });
  });

  it('responds also if digit is unavailable', async () => {
    digit = await startUpstream(aDigit);
    await digit.stop();
    expect(await make('q')).toEqual({
      answer: { char: 'q' },
      spans: [failedDigitSpan('ECONNREFUSED', 'connect ECONNREFUSED')],
      sleptMs: [],
      draws: [],
    });
  });
});

function failedDigitSpan(type: string, message: string) {
  return {
    name: 'digit',
    ...char('q'),
    events: [
      {
        name: 'exception',
        attributes: {
          char: 'q',
          'exception.type': type,
          'exception.message': expect.stringContaining(message),
        },
      },
    ],
    error: expect.stringContaining(message),
    children: [expect.objectContaining(call)],
  };
}
