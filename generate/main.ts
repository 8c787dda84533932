/** Writes the files that repeat the list of services: `node generate/main.ts`. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { generatedFiles } from './generated-files.ts';

for (const { path: file, content } of await generatedFiles()) {
  writeFileSync(path.join(path.dirname(import.meta.dirname), file), content);
}
