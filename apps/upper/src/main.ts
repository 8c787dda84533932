import { parseEnvironment, ports, serviceVariables, startService } from '@spandrel/service';
import { UpperModule } from './upper.module.js';

await startService(
  () => parseEnvironment(serviceVariables(ports.upper)),
  () => ({ name: 'upper', description: 'Random upper-case letters', module: UpperModule }),
);
