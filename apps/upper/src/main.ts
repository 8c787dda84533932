import { faultVariables } from '@spandrel/characters';
import { parseEnvironment, ports, serviceVariables, startService } from '@spandrel/service';
import { UpperModule } from './upper.module.js';

await startService(
  () => parseEnvironment({ ...serviceVariables(ports.upper), ...faultVariables() }),
  (config) => ({ name: 'upper', description: 'Random upper-case letters', module: UpperModule.forRoot(config) }),
);
