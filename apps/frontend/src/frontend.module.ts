import { HttpModule } from '@nestjs/axios';
import { type DynamicModule, Module } from '@nestjs/common';
import type { FrontendConfig } from './frontend.config.js';
import { BackendClient } from './numbers/backend.client.js';
import { NumbersController } from './numbers/numbers.controller.js';

@Module({ controllers: [NumbersController], providers: [BackendClient] })
export class FrontendModule {
  static forRoot(config: Pick<FrontendConfig, 'BACKEND_URL' | 'BACKEND_TIMEOUT_MS'>): DynamicModule {
    return {
      module: FrontendModule,
      imports: [
        HttpModule.register({
          baseURL: config.BACKEND_URL,
          timeout: config.BACKEND_TIMEOUT_MS,
          maxRedirects: 0,
          validateStatus: () => true,
        }),
      ],
    };
  }
}
