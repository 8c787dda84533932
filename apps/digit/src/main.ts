import { parseEnvironment, startService } from '@spandrel/service';
import { digitVariables } from './digit.config.js';
import { DigitModule } from './digit.module.js';

await startService(
  () => parseEnvironment(digitVariables),
  (config) => ({ name: 'digit', description: 'Random digits', module: DigitModule.forRoot(config) }),
);
