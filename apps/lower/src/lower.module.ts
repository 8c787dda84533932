import { type DynamicModule, Module } from '@nestjs/common';
import {
  CharacterClient,
  CharacterClientModule,
  CharacterModule,
  CharacterSource,
  Randomness,
  Workload,
} from '@spandrel/characters';
import type { LowerConfig } from './lower.config.js';
import { LowerService } from './lower.service.js';

@Module({})
export class LowerModule {
  static forRoot(config: Pick<LowerConfig, 'DIGIT_URL' | 'FLAGS_FILE' | 'UPSTREAM_TIMEOUT_MS'>): DynamicModule {
    const source = {
      provide: CharacterSource,
      useFactory: (client: CharacterClient, randomness: Randomness, workload: Workload) =>
        new LowerService(config.DIGIT_URL, client, randomness, workload),
      inject: [CharacterClient, Randomness, Workload],
    };
    const client = CharacterClientModule.forRoot(config.UPSTREAM_TIMEOUT_MS);
    return { module: LowerModule, imports: [CharacterModule.servedBy(source, config, [client])] };
  }
}
