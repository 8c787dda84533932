import { parseEnvironment, startService } from '@spandrel/service';
import { upperVariables } from './upper.config.js';
import { UpperModule } from './upper.module.js';

await startService(
  () => parseEnvironment(upperVariables),
  (config) => ({ name: 'upper', description: 'Random upper-case letters', module: UpperModule.forRoot(config) }),
);
