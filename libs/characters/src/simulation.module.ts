import { Module } from '@nestjs/common';
import { Clock, SystemClock } from './clock.js';
import { Randomness, SystemRandomness } from './randomness.js';

/** The time and the randomness of a simulated service. */
@Module({
  providers: [
    { provide: Clock, useClass: SystemClock },
    { provide: Randomness, useClass: SystemRandomness },
  ],
  exports: [Clock, Randomness],
})
export class SimulationModule {}
