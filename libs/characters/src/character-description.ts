import type { FaultFlag } from './fault-flags.js';

/** How long some work takes: normally distributed, and nothing where that would be negative. */
export interface WorkTime {
  readonly meanMs: number;
  readonly deviationMs: number;
}

/** Something that goes wrong now and then, on purpose, so that there is something to find in the traces. */
export interface Fault {
  /** Turns it on and off; a fault that is off leaves no trace: no span, event, delay or error. */
  readonly flag: FaultFlag;
  /** The characters that it strikes; all unless given. */
  readonly characters?: string;
  /** The minutes of the hour (0 to 59) in which it strikes; all unless given. */
  readonly duringMinute?: (minute: number) => boolean;
  /** How probably it strikes, from 0 to 1; always unless given. */
  readonly probability?: number;
  /** The span that it happens in; the step's own unless given. */
  readonly span?: string;
  /** The event that tells of it on that span. */
  readonly event?: string;
  /** How much longer it makes the step take, which may depend on the minute of the hour. */
  readonly work?: WorkTime | ((minute: number) => WorkTime);
  /** How probably it fails the request once it strikes, from 0 to 1; never unless given. */
  readonly failureProbability?: number;
}

/** A part of a request: what it always takes, and what befalls it. */
export interface Step {
  readonly work?: WorkTime;
  readonly faults?: readonly Fault[];
}

/** All that tells one character service from another. */
export interface CharacterDescription {
  /** Ends the names of its spans: `random_<name>`, `process_<name>`, `render_<name>`. */
  readonly name: string;
  /** What it picks from, each character as likely. */
  readonly alphabet: string;
  readonly pick: Step;
  readonly process: Step;
  readonly render: Step;
}
