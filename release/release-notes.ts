import { readFileSync } from 'node:fs';
import { releaseNotes } from './changelog.ts';

/** Prints the notes of a version: `node release/release-notes.ts VERSION`. */
const [version] = process.argv.slice(2);
if (version === undefined) throw new Error('usage: node release/release-notes.ts VERSION');
process.stdout.write(releaseNotes(readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8'), version));
