import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { checkNewVersion, checkVersions, newestTag } from './versions.ts';

/**
 * Checks the versions: `node release/check-versions.ts [TAG]`. Without a tag it compares the chart with the one that was
 * released last, which needs the tags of the repository.
 */
const root = path.dirname(import.meta.dirname);
const [tag] = process.argv.slice(2);
const version = checkVersions(root, tag);
if (tag === undefined) {
  const tags = execFileSync('git', ['tag', '--list', 'v*'], { cwd: root, encoding: 'utf8' }).split('\n');
  const last = newestTag(tags);
  const { status } = spawnSync('git', ['diff', '--quiet', last ?? 'HEAD', '--', 'helm/spandrel'], { cwd: root });
  checkNewVersion(version, last, status !== 0);
}
process.stdout.write(`${version}\n`);
