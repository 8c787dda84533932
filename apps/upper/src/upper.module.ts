import { type DynamicModule, Module } from '@nestjs/common';
import { CharacterModule, type FaultConfig } from '@spandrel/characters';
import { upper } from './upper.js';

@Module({})
export class UpperModule {
  static forRoot(config: FaultConfig): DynamicModule {
    return { module: UpperModule, imports: [CharacterModule.describedBy(upper, config)] };
  }
}
