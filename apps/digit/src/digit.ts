import type { CharacterDescription } from '@spandrel/characters';

/** Digits. Their latency varies in waves over the hour, with a spike every fifth minute; none fails. */
export const digit: CharacterDescription = {
  name: 'digit',
  alphabet: '0123456789',
  pick: {
    work: { meanMs: 0.3, deviationMs: 0.1 },
    faults: [
      {
        // The sine takes the minute as radians, so the delay jumps between 0 and 400 ms.
        flag: 'digit-minute-wave',
        work: (minute) => ({ meanMs: (Math.sin(minute) + 1) * 200, deviationMs: 0 }),
      },
    ],
  },
  process: {
    work: { meanMs: 0.1, deviationMs: 0.05 },
    faults: [
      {
        flag: 'digit-extra-work',
        characters: '02468',
        probability: 0.01,
        event: 'extra work',
        work: { meanMs: 0.2, deviationMs: 0.1 },
      },
      {
        flag: 'digit-extra-process',
        characters: '456',
        span: 'extra_process_digit',
        work: { meanMs: 5, deviationMs: 0.5 },
      },
    ],
  },
  render: {
    work: { meanMs: 0.2, deviationMs: 0.1 },
    faults: [
      {
        flag: 'digit-render-spike',
        duringMinute: (minute) => minute % 5 === 0,
        work: { meanMs: 50, deviationMs: 5 },
      },
    ],
  },
};
