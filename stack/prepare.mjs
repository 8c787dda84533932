// Installs and builds what is missing, before a script that needs both: `npm test`, `npm run bench`.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfNeeded, installIfNeeded } from './install-and-build.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
await installIfNeeded(root);
await buildIfNeeded(root);
