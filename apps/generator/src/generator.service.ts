import { trace } from '@opentelemetry/api';
import { type CharacterClient, type Clock, inSpan, type Randomness } from '@spandrel/characters';
import { Span } from 'nestjs-otel';
import type { UpstreamConfig } from './generator.config.js';

type CharacterKind = 'upper' | 'lower' | 'digit' | 'special';

const minimumLength = 8;
const maximumLength = 25;
const maximumCallsPerKind = 3;
const kinds: readonly CharacterKind[] = ['upper', 'lower', 'digit', 'special'];

/** Creates passwords from characters of the four services, with one request for each character. */
export class GeneratorService {
  private readonly urls: Readonly<Record<CharacterKind, string>>;

  constructor(
    { UPPER_URL, LOWER_URL, DIGIT_URL, SPECIAL_URL }: UpstreamConfig,
    private readonly client: CharacterClient,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {
    this.urls = { upper: UPPER_URL, lower: LOWER_URL, digit: DIGIT_URL, special: SPECIAL_URL };
  }

  /**
   * Creates a password of 8 to 25 characters.
   *
   * @throws Error `FAILED to fetch a <kind> char` if a service fails
   */
  @Span('generator.generate')
  async generate(): Promise<string> {
    const span = trace.getActiveSpan();
    span?.addEvent('selecting_password_length');
    await this.clock.sleep(this.randomness.normal(0.01, 0.01));
    const length = this.randomness.integer(minimumLength, maximumLength);
    span?.setAttribute('pwlen', length);
    const characters: string[] = [];
    for (let iteration = 1; characters.length < length; iteration++) {
      span?.addEvent(`generate_loop_${iteration}`, { iteration });
      for (const kind of kinds) characters.push(...(await this.fetchSome(kind)));
    }
    span?.addEvent('shuffling_password');
    const shuffled = this.randomness.shuffle(characters);
    if (shuffled.length > length) span?.addEvent('trimming_password', { pwlen: length });
    return shuffled.slice(0, length).join('');
  }

  private fetchSome(kind: CharacterKind): Promise<readonly string[]> {
    return inSpan(`generator.${kind}s`, {}, async (span) => {
      const characters: string[] = [];
      const calls = this.randomness.integer(0, maximumCallsPerKind);
      for (let iteration = 0; iteration < calls; iteration++) {
        span.addEvent(`iteration_${iteration}`, { iteration });
        characters.push(await this.fetchOne(kind));
      }
      return characters;
    });
  }

  private async fetchOne(kind: CharacterKind): Promise<string> {
    try {
      return await this.client.fetch(this.urls[kind]);
    } catch (cause) {
      throw new Error(`FAILED to fetch a ${kind} char`, { cause });
    }
  }
}
