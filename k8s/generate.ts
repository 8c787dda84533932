/** Writes the generated files of the chart: `node k8s/generate.ts`. Without `helm` on the PATH the rendered examples stay. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chartFiles, type GeneratedFile, hasHelm, renderedFiles } from './chart-files.ts';

const root = path.dirname(import.meta.dirname);

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
