import type { CharacterDescription } from './character-description.js';
import { type Character, CharacterSource } from './character-source.js';
import { inSpan } from './in-span.js';
import type { Randomness } from './randomness.js';
import type { Workload } from './workload.service.js';

/** Creates characters in three steps (pick, process, render), each in a span that has the character. */
export class CharacterService extends CharacterSource {
  constructor(
    private readonly description: CharacterDescription,
    private readonly randomness: Randomness,
    private readonly workload: Workload,
  ) {
    super();
  }

  override async next(): Promise<Character> {
    const char = await this.pick();
    await this.process(char);
    return this.render(char);
  }

  private pick(): Promise<string> {
    const { name, alphabet, pick } = this.description;
    const char = this.randomness.choose(alphabet);
    return inSpan(`random_${name}`, { char }, async () => {
      await this.workload.perform(pick, char);
      return char;
    });
  }

  private process(char: string): Promise<void> {
    const { name, process } = this.description;
    return inSpan(`process_${name}`, { char }, (span) => {
      span.addEvent(`processing ${name} char`, { char });
      return this.workload.perform(process, char);
    });
  }

  private render(char: string): Promise<Character> {
    const { name, render } = this.description;
    return inSpan(`render_${name}`, { char }, async () => {
      await this.workload.perform(render, char);
      return { char };
    });
  }
}
