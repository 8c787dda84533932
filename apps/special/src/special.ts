import type { CharacterDescription } from '@spandrel/characters';

/** Special characters. Some are slow, and !, @ and ? sometimes fail. */
export const special: CharacterDescription = {
  name: 'special',
  alphabet: '!@#$%^&*<>,.:;?/+={}[]-_\\|~`',
  pick: { work: { meanMs: 0.3, deviationMs: 0.1 } },
  process: {
    work: { meanMs: 0.1, deviationMs: 0.05 },
    faults: [
      {
        flag: 'special-extra-process',
        characters: '$@#?%',
        span: 'extra_process_special',
        work: { meanMs: 5, deviationMs: 0.5 },
      },
      { flag: 'special-failure', characters: '!@?', failureProbability: 0.05 },
    ],
  },
  render: { work: { meanMs: 0.2, deviationMs: 0.1 } },
};
