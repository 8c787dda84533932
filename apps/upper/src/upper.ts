import type { CharacterDescription } from '@spandrel/characters';

/** Upper-case letters, slower with the minute of the hour. Some are slow, and Z, A and T sometimes fail. */
export const upper: CharacterDescription = {
  name: 'upper',
  alphabet: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  pick: {
    faults: [{ flag: 'upper-drift', work: (minute) => ({ meanMs: minute / 10, deviationMs: 0.01 }) }],
  },
  process: {
    work: { meanMs: 0.1, deviationMs: 0.05 },
    faults: [
      {
        flag: 'upper-extra-work',
        probability: 0.01,
        event: 'extra work',
        work: { meanMs: 0.2, deviationMs: 0.1 },
      },
      {
        flag: 'upper-extra-process',
        characters: 'ZXR',
        span: 'extra_process_upper',
        work: { meanMs: 5, deviationMs: 0.5 },
      },
      {
        flag: 'upper-failure',
        characters: 'ZAT',
        span: 'extra_extra_process_upper',
        work: { meanMs: 0.1, deviationMs: 0.08 },
        failureProbability: 0.05,
      },
    ],
  },
  render: { work: { meanMs: 0.2, deviationMs: 0.1 } },
};
