import { faultVariables } from '@spandrel/characters';
import { parseEnvironment, ports, serviceVariables, startService } from '@spandrel/service';
import { SpecialModule } from './special.module.js';

await startService(
  () => parseEnvironment({ ...serviceVariables(ports.special), ...faultVariables() }),
  (config) => ({ name: 'special', description: 'Random special characters', module: SpecialModule.forRoot(config) }),
);
