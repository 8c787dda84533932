import { type DynamicModule, Module } from '@nestjs/common';
import { CharacterModule, type FaultConfig } from '@spandrel/characters';
import { special } from './special.js';

@Module({})
export class SpecialModule {
  static forRoot(config: FaultConfig): DynamicModule {
    return { module: SpecialModule, imports: [CharacterModule.describedBy(special, config)] };
  }
}
