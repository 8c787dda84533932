import { parseEnvironment, startService } from '@spandrel/service';
import { lowerVariables } from './lower.config.js';
import { LowerModule } from './lower.module.js';

await startService(
  () => parseEnvironment(lowerVariables),
  (config) => ({ name: 'lower', description: 'Random lower-case letters', module: LowerModule.forRoot(config) }),
);
