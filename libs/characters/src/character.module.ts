import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import type { FaultConfig } from './character.config.js';
import { CharacterController } from './character.controller.js';
import type { CharacterDescription } from './character-description.js';
import { CharacterService } from './character.service.js';
import { CharacterSource } from './character-source.js';
import { FileFaultSwitches } from './fault-switches.service.js';
import { FaultSwitches } from './fault-flags.js';
import { Randomness } from './randomness.js';
import { SimulationModule } from './simulation.module.js';
import { Workload } from './workload.service.js';

/** `GET /` of a character service, with all that it takes to make characters and to go wrong at it. */
@Module({})
export class CharacterModule {
  /** A service that makes its characters in the three usual steps, as its description says. */
  static describedBy(description: CharacterDescription, config: FaultConfig): DynamicModule {
    return CharacterModule.servedBy(
      {
        provide: CharacterSource,
        useFactory: (randomness: Randomness, workload: Workload) =>
          new CharacterService(description, randomness, workload),
        inject: [Randomness, Workload],
      },
      config,
    );
  }

  /**
   * A service that makes its characters in its own way.
   *
   * @param source what provides `CharacterSource`
   * @param imports the modules of what the source needs beyond `Randomness` and `Workload`
   */
  static servedBy(
    source: Provider<CharacterSource>,
    { FLAGS_FILE }: FaultConfig,
    imports: ModuleMetadata['imports'] = [],
  ): DynamicModule {
    return {
      module: CharacterModule,
      imports: [SimulationModule, ...imports],
      controllers: [CharacterController],
      providers: [{ provide: FaultSwitches, useFactory: () => new FileFaultSwitches(FLAGS_FILE) }, Workload, source],
    };
  }
}
