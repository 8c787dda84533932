import { type DynamicModule, Module } from '@nestjs/common';
import { CharacterModule, type FaultConfig } from '@spandrel/characters';
import { digit } from './digit.js';

@Module({})
export class DigitModule {
  static forRoot(config: FaultConfig): DynamicModule {
    return { module: DigitModule, imports: [CharacterModule.describedBy(digit, config)] };
  }
}
