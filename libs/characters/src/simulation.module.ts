import { Module } from '@nestjs/common';
import { Clock, SystemClock } from './clock.js';
import { Randomness, SystemRandomness } from './randomness.js';

/** The two things that a simulated service takes from the world: time and chance. */
@Module({
  providers: [
    { provide: Clock, useClass: SystemClock },
    { provide: Randomness, useClass: SystemRandomness },
  ],
  exports: [Clock, Randomness],
})
export class SimulationModule {}
