import type { FaultFlag } from './fault-flags.js';

/** The duration of some work: normally distributed, 0 instead of a negative value. */
export interface WorkTime {
  readonly meanMs: number;
  readonly deviationMs: number;
}

/** An injected fault: an error or a delay on purpose, to find in the traces. */
export interface Fault {
  /** Switches the fault. A fault that is off adds no span, event, delay or error. */
  readonly flag: FaultFlag;
  /** The affected characters; all by default. */
  readonly characters?: string;
  /** Whether it applies in a minute of the hour (0 to 59); always by default. */
  readonly duringMinute?: (minute: number) => boolean;
  /** The probability that it applies, from 0 to 1; 1 by default. */
  readonly probability?: number;
  /** The name of its own span; without one, it happens in the span of the step. */
  readonly span?: string;
  /** The event that it adds to that span. */
  readonly event?: string;
  /** The delay that it adds, which may depend on the minute of the hour. */
  readonly work?: WorkTime | ((minute: number) => WorkTime);
  /** The probability that it then fails the request, from 0 to 1; 0 by default. */
  readonly failureProbability?: number;
}

/** A part of a request: its usual work and its injected faults. */
export interface Step {
  readonly work?: WorkTime;
  readonly faults?: readonly Fault[];
}

/** The properties of a character service. */
export interface CharacterDescription {
  /** The suffix of its span names: `random_<name>`, `process_<name>`, `render_<name>`. */
  readonly name: string;
  /** The characters to pick from with equal probability. */
  readonly alphabet: string;
  readonly pick: Step;
  readonly process: Step;
  readonly render: Step;
}
