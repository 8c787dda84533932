import { type DynamicModule, Module } from '@nestjs/common';
import { CharacterClient, CharacterClientModule, Clock, Randomness, SimulationModule } from '@spandrel/characters';
import type { UpstreamConfig } from './generator.config.js';
import { GeneratorController } from './generator.controller.js';
import { GeneratorService } from './generator.service.js';

@Module({})
export class GeneratorModule {
  static forRoot(config: UpstreamConfig): DynamicModule {
    return {
      module: GeneratorModule,
      imports: [SimulationModule, CharacterClientModule.forRoot(config.UPSTREAM_TIMEOUT_MS)],
      controllers: [GeneratorController],
      providers: [
        {
          provide: GeneratorService,
          useFactory: (client: CharacterClient, clock: Clock, randomness: Randomness) =>
            new GeneratorService(config, client, clock, randomness),
          inject: [CharacterClient, Clock, Randomness],
        },
      ],
    };
  }
}
