import type { FaultFlag } from './fault-flags.js';

/** How long some work takes: normally distributed, and 0 instead of a negative value. */
export interface WorkTime {
  readonly meanMs: number;
  readonly deviationMs: number;
}

/** An injected fault: a delay or an error that happens on purpose, so that traces show something to find. */
export interface Fault {
  /** Turns it on and off. A fault that is off has no effect: no span, event, delay or error. */
  readonly flag: FaultFlag;
  /** The characters that it affects; all by default. */
  readonly characters?: string;
  /** The minutes of the hour (0 to 59) in which it happens; all by default. */
  readonly duringMinute?: (minute: number) => boolean;
  /** Its probability, from 0 to 1; 1 by default. */
  readonly probability?: number;
  /** The span in which it happens; that of the step by default. */
  readonly span?: string;
  /** The event that it adds to that span. */
  readonly event?: string;
  /** The delay that it adds, which may depend on the minute of the hour. */
  readonly work?: WorkTime | ((minute: number) => WorkTime);
  /** The probability that it also fails the request, from 0 to 1; 0 by default. */
  readonly failureProbability?: number;
}

/** A part of a request: the time that it always takes, and its faults. */
export interface Step {
  readonly work?: WorkTime;
  readonly faults?: readonly Fault[];
}

/** The properties in which character services differ. */
export interface CharacterDescription {
  /** The end of its span names: `random_<name>`, `process_<name>`, `render_<name>`. */
  readonly name: string;
  /** The characters that it picks from, all equally likely. */
  readonly alphabet: string;
  readonly pick: Step;
  readonly process: Step;
  readonly render: Step;
}
