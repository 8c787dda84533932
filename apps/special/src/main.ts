import { parseEnvironment, startService } from '@spandrel/service';
import { specialVariables } from './special.config.js';
import { SpecialModule } from './special.module.js';

await startService(
  () => parseEnvironment(specialVariables),
  (config) => ({ name: 'special', description: 'Random special characters', module: SpecialModule.forRoot(config) }),
);
