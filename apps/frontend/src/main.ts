import { startService } from '@spandrel/service';
import { parseFrontendConfig } from './frontend.config.js';
import { FrontendModule } from './frontend.module.js';

await startService(parseFrontendConfig, (config) => ({
  name: 'frontend',
  description: 'Writes and reads random numbers through the backend.',
  module: FrontendModule.forRoot(config),
}));
