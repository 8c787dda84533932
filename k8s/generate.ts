/** Writes what the chart holds that is made of other files; the rendered examples only where Helm is there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chartFiles, type GeneratedFile, hasHelm, renderedFiles } from './chart-files.ts';

const root = path.dirname(import.meta.dirname);

write(chartFiles());
// Made of what has just been written.
if (hasHelm()) write(renderedFiles());
else process.stderr.write('There is no helm on the PATH: the rendered examples stay as they are.\n');

function write(files: readonly GeneratedFile[]): void {
  for (const { path: file, content } of files) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), content);
  }
}
