import { Injectable } from '@nestjs/common';
import { type Span, trace } from '@opentelemetry/api';
import type { Fault, Step, WorkTime } from './character-description.js';
import { Clock } from './clock.js';
import { FaultSwitches } from './fault-flags.js';
import { inSpan } from './in-span.js';
import { Randomness } from './randomness.js';

/** Simulates the work of a step and its faults. */
@Injectable()
export class Workload {
  constructor(
    private readonly clock: Clock,
    private readonly randomness: Randomness,
    private readonly switches: FaultSwitches,
  ) {}

  /**
   * Performs a step in the active span: first its own work, then its faults in their order.
   *
   * @param character that of the request
   * @throws Error `FAILED to process <character>` if a fault fails the request
   */
  async perform(step: Step, character: string): Promise<void> {
    if (step.work !== undefined) await this.work(step.work);
    for (const fault of step.faults ?? []) {
      if (this.strikes(fault, character)) await this.strike(fault, character);
    }
  }

  private strikes({ flag, characters, duringMinute, probability }: Fault, character: string): boolean {
    return (
      this.switches.isOn(flag) &&
      (characters === undefined || characters.includes(character)) &&
      (duringMinute === undefined || duringMinute(this.minute())) &&
      (probability === undefined || this.randomness.chance(probability))
    );
  }

  private async strike(fault: Fault, character: string): Promise<void> {
    if (fault.span === undefined) await this.suffer(fault, character, trace.getActiveSpan());
    else await inSpan(fault.span, { char: character }, (span) => this.suffer(fault, character, span));
  }

  private async suffer(fault: Fault, character: string, span: Span | undefined): Promise<void> {
    const { event, work, failureProbability } = fault;
    if (event !== undefined) span?.addEvent(event, { char: character });
    if (work !== undefined) await this.work(typeof work === 'function' ? work(this.minute()) : work);
    if (failureProbability !== undefined && this.randomness.chance(failureProbability)) {
      throw new Error(`FAILED to process ${character}`);
    }
  }

  private work({ meanMs, deviationMs }: WorkTime): Promise<void> {
    return this.clock.sleep(this.randomness.normal(meanMs, deviationMs));
  }

  private minute(): number {
    return this.clock.now().getMinutes();
  }
}
