import { Logger } from '@nestjs/common';
import { faultFlags } from '@spandrel/characters';
import {
  FixedClock,
  FixedRandomness,
  FixedSwitches,
  makeCharacter,
  recordSpans,
  type ScriptedResponse,
  startUpstream,
  type Upstream,
} from '@spandrel/characters/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { LowerModule } from './lower.module.js';

Logger.overrideLogger(false);
const recorder = recordSpans();
const faults = faultFlags.filter((flag) => flag.startsWith('lower-'));
const aDigit: ScriptedResponse = { status: 200, body: '{"char":"7"}' };

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
  it('calls digit in the same trace and ignores the result', async () => {
    digit = await startUpstream(aDigit);
    expect(await make('q')).toEqual({ response: { char: 'q' }, spans: [digitSpan('q')], sleptMs: [], draws: [] });
    expect(digit.requests).toHaveLength(1);
  });

  it.each([
    ['z', 'extra_process_lower', 50],
    ['x', 'extra_process_lower', 50],
    ['r', 'extra_process_lower', 50],
    ['a', 'extra_extra_process_lower', 10],
    ['t', 'extra_extra_process_lower', 10],
  ])('takes longer to process the slow letter %s: span %s, %i ms', async (character, name, durationMs) => {
    digit = await startUpstream(aDigit);
    expect(await make(character)).toEqual({
      response: { char: character },
      spans: [digitSpan(character), { name, ...char(character) }],
      sleptMs: [durationMs],
      draws: [`N(${durationMs}, 0)`],
    });
  });

  it.each(['z', 'a'])('has no effect of the faults for %s when they are off', async (character) => {
    digit = await startUpstream(aDigit);
    expect(await make(character, { off: faults })).toEqual({
      response: { char: character },
      spans: [digitSpan(character)],
      sleptMs: [],
      draws: [],
    });
  });

  it.each<[string, ScriptedResponse, string, string]>([
    ['fails', { status: 500, body: '{"status":500}' }, 'ERR_BAD_RESPONSE', 'Request failed with status code 500'],
    ['returns another body', { status: 200, body: '{"digit":7}' }, 'Error', 'responded without a char'],
    ['times out', 'never', 'ECONNABORTED', 'timeout of 100ms exceeded'],
  ])('returns a letter when digit %s, and records the failure', async (_, response, type, message) => {
    digit = await startUpstream(response);
    expect(await make('q')).toEqual({
      response: { char: 'q' },
      spans: [failedDigitSpan(type, message)],
      sleptMs: [],
      draws: [],
    });
  });

  it('returns a letter when digit is down, and records the failure', async () => {
    digit = await startUpstream(aDigit);
    await digit.stop();
    expect(await make('q')).toEqual({
      response: { char: 'q' },
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
