import { startService } from '@spandrel/service';
import { parseBackendConfig } from './backend.config.js';
import { BackendModule } from './backend.module.js';

await startService(parseBackendConfig, (config) => ({
  name: 'backend',
  description: 'Draws random numbers and keeps them in PostgreSQL.',
  module: BackendModule.forRoot(config),
}));
