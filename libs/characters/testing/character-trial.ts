import type { DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CharacterSource, Clock, FaultSwitches, Randomness } from '@spandrel/characters';
import type { FixedClock, FixedRandomness, FixedSwitches } from './fixed-world.js';
import type { RecordedSpan, SpanRecorder } from './span-recorder.js';

/** The outcome of one request to a character service. */
export interface Outcome {
  /** The response, or the message of the error. */
  readonly response: unknown;
  readonly spans: readonly RecordedSpan[];
  readonly sleptMs: readonly number[];
  /** The random draws, as recorded by `FixedRandomness`. */
  readonly draws: readonly string[];
}

/** The providers that a test replaces. */
export interface World {
  readonly clock: FixedClock;
  readonly randomness: FixedRandomness;
  readonly switches: FixedSwitches;
}

/** Requests one character from the module of a service, with a fixed clock, randomness and flags. */
export async function makeCharacter(module: DynamicModule, world: World, recorder: SpanRecorder): Promise<Outcome> {
  const testing = await Test.createTestingModule({ imports: [module] })
    .overrideProvider(Clock)
    .useValue(world.clock)
    .overrideProvider(Randomness)
    .useValue(world.randomness)
    .overrideProvider(FaultSwitches)
    .useValue(world.switches)
    .compile();
  const response = await testing
    .get(CharacterSource, { strict: false })
    .next()
    .catch((error: unknown) => (error instanceof Error ? error.message : error));
  return { response, spans: recorder.trees(), sleptMs: world.clock.sleptMs, draws: world.randomness.draws };
}
