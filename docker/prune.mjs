/**
 * Copies an app to a folder with the files that it can load at run time: `node docker/prune.mjs APP FOLDER`. The app becomes
 * `dist/main.js`; of 190 MB of packages about 15 MB remain.
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
// The parser of PostgreSQL reads its WebAssembly by a path that it computes.
const files = [...fileList].flatMap((file) =>
  file.endsWith('/libpg-query.js') ? [file, file.replace(/\.js$/, '.wasm')] : [file],
);
for (const file of files) {
  if (file.startsWith('dist/')) continue;
  if (file.endsWith('.node'))
    throw new Error(`${file} is native code for one platform, but the images are for several`);
  cpSync(path.join(root, file), path.join(folder, file), { recursive: true, verbatimSymlinks: true });
}

// The whole app, because it reads SQL files that it does not import.
const compilerFiles = /(\.d\.ts|\.map|\.tsbuildinfo)$/;
cpSync(built, path.join(folder, 'dist'), { recursive: true, filter: (file) => !compilerFiles.test(file) });
