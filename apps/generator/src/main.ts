import { parseEnvironment, startService } from '@spandrel/service';
import { generatorVariables } from './generator.config.js';
import { GeneratorModule } from './generator.module.js';

await startService(
  () => parseEnvironment(generatorVariables),
  (config) => ({ name: 'generator', description: 'Random passwords', module: GeneratorModule.forRoot(config) }),
);
