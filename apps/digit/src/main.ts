import { faultVariables } from '@spandrel/characters';
import { parseEnvironment, ports, serviceVariables, startService } from '@spandrel/service';
import { DigitModule } from './digit.module.js';

await startService(
  () => parseEnvironment({ ...serviceVariables(ports.digit), ...faultVariables() }),
  (config) => ({ name: 'digit', description: 'Random digits', module: DigitModule.forRoot(config) }),
);
