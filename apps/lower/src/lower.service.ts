import { Logger } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import {
  type Character,
  type CharacterClient,
  CharacterSource,
  type Randomness,
  recordFailure,
  type Step,
  type Workload,
} from '@spandrel/characters';
import { Span } from 'nestjs-otel';

const alphabet = 'abcdefghijklmnopqrstuvwxyz';

const processing: Step = {
  faults: [
    {
      flag: 'lower-extra-process',
      characters: 'zxr',
      span: 'extra_process_lower',
      work: { meanMs: 50, deviationMs: 0 },
    },
    {
      flag: 'lower-extra-extra-process',
      characters: 'at',
      span: 'extra_extra_process_lower',
      work: { meanMs: 10, deviationMs: 0 },
    },
  ],
};

/**
 * Lower-case letters. Some are slow, none fails. Each costs a request to digit whose response is ignored: an unnecessary
 * dependency that traces show.
 */
export class LowerService extends CharacterSource {
  private readonly logger = new Logger('LowerService');

  /** @param digitUrl address of digit */
  constructor(
    private readonly digitUrl: string,
    private readonly client: CharacterClient,
    private readonly randomness: Randomness,
    private readonly workload: Workload,
  ) {
    super();
  }

  override async next(): Promise<Character> {
    const char = this.randomness.choose(alphabet);
    await this.askForDigit(char);
    await this.workload.perform(processing, char);
    return { char };
  }

  /** A failure shows in the trace and in the log only, because a letter needs no digit. */
  @Span('digit', (char: string) => ({ attributes: { char } }))
  private async askForDigit(char: string): Promise<void> {
    try {
      await this.client.fetch(this.digitUrl);
    } catch (error) {
      const span = trace.getActiveSpan();
      if (span !== undefined) recordFailure(span, error, { char });
      this.logger.warn(`digit failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
