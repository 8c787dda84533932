import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isMap, parseDocument } from 'yaml';
import { chartVersion } from './versions.ts';

/**
 * Packages the chart as a registry gets it: its default `image.repository` is where the images of the same version are. In
 * the working tree it stays `spandrel`, which `make images` builds.
 *
 * @param registry the repository below which the images are, such as `ghcr.io/acme/spandrel`
 * @param folder where the package is written
 * @returns the path of the package
 * @throws Error if the repository is malformed, the values have no `image.repository`, or Helm fails
 */
export function packageChart(root: string, registry: string, folder: string): string {
  if (!/^[\da-z.-]+(?::\d+)?(?:\/[\da-z._-]+)+$/.test(registry)) {
    throw new Error(`the repository of the images must be like ghcr.io/acme/spandrel in lower case, got ${registry}`);
  }
  const version = chartVersion(root);
  const work = mkdtempSync(path.join(tmpdir(), 'spandrel-chart-'));
  try {
    const chart = path.join(work, 'spandrel');
    cpSync(path.join(root, 'helm/spandrel'), chart, { recursive: true });
    const valuesFile = path.join(chart, 'values.yaml');
    const values = parseDocument(readFileSync(valuesFile, 'utf8'));
    if (!isMap(values.get('image')) || !values.hasIn(['image', 'repository'])) {
      throw new Error('helm/spandrel/values.yaml has no image.repository');
    }
    values.setIn(['image', 'repository'], registry);
    writeFileSync(valuesFile, values.toString({ lineWidth: 0 }));
    mkdirSync(folder, { recursive: true });
    execFileSync('helm', ['package', chart, '--version', version, '--app-version', version, '--destination', folder], {
      encoding: 'utf8',
    });
    return path.join(folder, `spandrel-${version}.tgz`);
  } finally {
    rmSync(work, { recursive: true });
  }
}
