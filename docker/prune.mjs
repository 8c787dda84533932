/**
 * `node docker/prune.mjs APP FOLDER`: puts what an app needs at run time into a folder, as `dist/main.js` with its
 * packages beside it. Of these only the files that can come to be loaded, some 15 MB of 190.
 */
import { cpSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFileTrace } from '@vercel/nft';

const [app, folder] = process.argv.slice(2);
if (app === undefined || folder === undefined) throw new Error('usage: node docker/prune.mjs APP FOLDER');

const root = path.dirname(import.meta.dirname);
const built = path.join(root, 'dist/apps', app);
const register = fileURLToPath(import.meta.resolve('@spandrel/telemetry/register'));

const { fileList } = await nodeFileTrace([path.join(built, 'main.js'), register], { base: root });
for (const file of fileList) {
  if (file.startsWith('dist/')) continue;
  if (file.endsWith('.node')) throw new Error(`${file} runs on one kind of machine, and images are for several`);
  cpSync(path.join(root, file), path.join(folder, file), { recursive: true, verbatimSymlinks: true });
}

// Whole, since it reads files that no import names: SQL.
const forTheCompilerAlone = /(\.d\.ts|\.map|\.tsbuildinfo)$/;
cpSync(built, path.join(folder, 'dist'), { recursive: true, filter: (file) => !forTheCompilerAlone.test(file) });
