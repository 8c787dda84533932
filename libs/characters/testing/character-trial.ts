import type { DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CharacterSource, Clock, FaultSwitches, Randomness } from '@spandrel/characters';
import type { FixedClock, FixedRandomness, FixedSwitches } from './fixed-world.js';
import type { RecordedSpan, SpanRecorder } from './span-recorder.js';

/** The result of one request to a character service. */
export interface Outcome {
  /** The response, or the message of the error. */
  readonly answer: unknown;
  readonly spans: readonly RecordedSpan[];
  readonly sleptMs: readonly number[];
  /** The random decisions, as `FixedRandomness` records them. */
  readonly draws: readonly string[];
}

/** The time, randomness and faults of a trial. */
export interface World {
  readonly clock: FixedClock;
  readonly randomness: FixedRandomness;
  readonly switches: FixedSwitches;
}

/** Creates one character with the module of a service, without any randomness. */
export async function makeCharacter(module: DynamicModule, world: World, recorder: SpanRecorder): Promise<Outcome> {
  const testing = await Test.createTestingModule({ imports: [module] })
    .overrideProvider(Clock)
    .useValue(world.clock)
    .overrideProvider(Randomness)
    .useValue(world.randomness)
    .overrideProvider(FaultSwitches)
    .useValue(world.switches)
    .compile();
  const answer = await testing
    .get(CharacterSource, { strict: false })
    .next()
    .catch((error: unknown) => (error instanceof Error ? error.message : error));
  return { answer, spans: recorder.trees(), sleptMs: world.clock.sleptMs, draws: world.randomness.draws };
}
