/**
 * Writes every file that is generated from the manifest of services, and those of the chart: `node generate/main.ts`.
 * Without `helm` on the PATH the rendered examples stay as they are.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chartFiles, hasHelm, renderedFiles } from '../k8s/chart-files.ts';
import { type GeneratedFile, generatedFiles } from './generated-files.ts';

const root = path.dirname(import.meta.dirname);

write(await generatedFiles());
write(chartFiles());
// Helm reads the files that were just written.
if (hasHelm()) write(renderedFiles());
else process.stderr.write('helm is not on the PATH: the rendered examples are not updated\n');

function write(files: readonly GeneratedFile[]): void {
  for (const { path: file, content } of files) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), content);
  }
}
