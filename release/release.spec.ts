import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hasHelm } from '../k8s/chart-files.ts';
import { releaseNotes } from './changelog.ts';
import { chartSbom, imagesOf } from './chart-sbom.ts';
import { packageChart } from './chart-package.ts';
import { checkNewVersion, checkVersions, compareVersions, newestTag } from './versions.ts';

const root = path.dirname(import.meta.dirname);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'spandrel-release-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('releaseNotes', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n### Added\n\n- One.\n\n## 0.1.0\n\nFirst.\n';

  it.each([
    ['0.2.0', '### Added\n\n- One.\n'],
    ['0.1.0', 'First.\n'],
  ])('are the section of %s', (version, notes) => {
    expect(releaseNotes(changelog, version)).toBe(notes);
  });

  it.each([
    ['0.3.0', 'has no section "## 0.3.0"'],
    ['Unreleased', 'is empty'],
  ])('are an error for %s', (version, message) => {
    expect(() => releaseNotes(changelog, version)).toThrow(message);
  });
});

describe('checkVersions', () => {
  /** A clone with other versions. */
  function cloneWith(chart: string, appVersion = chart, packageVersion = chart): string {
    const clone = mkdtempSync(path.join(folder, 'clone-'));
    mkdirSync(path.join(clone, 'helm/spandrel'), { recursive: true });
    writeFileSync(path.join(clone, 'helm/spandrel/Chart.yaml'), `version: ${chart}\nappVersion: ${appVersion}\n`);
    writeFileSync(path.join(clone, 'package.json'), JSON.stringify({ version: packageVersion }));
    writeFileSync(path.join(clone, 'CHANGELOG.md'), '## 0.2.0\n\n- One.\n');
    return clone;
  }

  it('accepts this repository', () => {
    expect(checkVersions(root)).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('accepts a tag of the version of chart, package and changelog', () => {
    expect(checkVersions(cloneWith('0.2.0'), 'v0.2.0')).toBe('0.2.0');
  });

  it.each([
    [['0.2.0', '0.2.0', '0.2.0'], 'v0.2.1', 'the tag is v0.2.1, and the chart has version 0.2.0'],
    [['0.2.0', '0.1.0', '0.2.0'], undefined, 'must be equal, got 0.2.0 and 0.1.0'],
    [['0.2.0', '0.2.0', '0.1.0'], undefined, 'package.json has version 0.1.0, and the chart 0.2.0'],
    [['0.3.0', '0.3.0', '0.3.0'], 'v0.3.0', 'has no section "## 0.3.0"'],
    [['0.2', '0.2', '0.2'], undefined, 'must be like 0.2.0'],
  ] as const)('rejects %j with tag %s', ([chart, appVersion, packageVersion], tag, message) => {
    expect(() => checkVersions(cloneWith(chart, appVersion, packageVersion), tag)).toThrow(message);
  });
});

describe('the version of a chart that has changed', () => {
  it.each([
    ['0.2.0', 'v0.1.9', true],
    ['0.2.0', 'v0.2.0-rc.2', true],
    ['0.2.0', 'v0.2.0', false],
    ['0.2.0', undefined, true],
  ])('%s is accepted after %s, changed: %s', (version, last, hasChanged) => {
    expect(() => checkNewVersion(version, last, hasChanged)).not.toThrow();
  });

  it.each([
    ['0.2.0', 'v0.2.0'],
    ['0.2.0-rc.1', 'v0.2.0'],
  ])('%s is rejected after %s', (version, last) => {
    expect(() => checkNewVersion(version, last, true)).toThrow('its version must be later than');
  });

  it('is compared with the newest tag', () => {
    expect(newestTag(['v0.9.0', 'v0.10.0', 'v0.10.0-rc.10', 'v0.10.0-rc.9', 'other', 'v1'])).toBe('v0.10.0');
    expect(newestTag(['other', ''])).toBeUndefined();
    expect(compareVersions('0.2.0-rc.9', '0.2.0-rc.10')).toBeLessThan(0);
  });
});

describe('packageChart', () => {
  it('refuses a repository that no registry has', () => {
    expect(() => packageChart(root, 'Acme/Spandrel', folder)).toThrow('must be like ghcr.io/acme/spandrel');
  });

  it.skipIf(!hasHelm())('makes a chart that pulls the images of its version from the registry', () => {
    const version = checkVersions(root);
    const file = packageChart(root, 'ghcr.io/acme/spandrel', folder);
    const images = imagesOf(file);
    expect(images).toContain(`ghcr.io/acme/spandrel/frontend:${version}`);
    expect(images).toContain(`ghcr.io/acme/spandrel/tracestore:${version}`);
    expect(images.filter((image) => image.startsWith('spandrel/'))).toEqual([]);
    const { packages } = chartSbom(file, new Date(0));
    expect(packages).toHaveLength(images.length + 1);
    expect(packages).toContainEqual(
      expect.objectContaining({
        name: 'ghcr.io/acme/spandrel/frontend',
        versionInfo: version,
        externalRefs: [
          expect.objectContaining({
            referenceLocator: `pkg:oci/frontend?repository_url=ghcr.io%2Facme%2Fspandrel%2Ffrontend&tag=${version}`,
          }),
        ],
      }),
    );
    // The tree keeps the repository that a build on this machine has.
    const values = parse(readFileSync(path.join(root, 'helm/spandrel/values.yaml'), 'utf8')) as {
      readonly image: { readonly repository: string };
    };
    expect(values.image.repository).toBe('spandrel');
  });
});

describe('the workflows', () => {
  const files = execFileSync('git', ['ls-files', '.github'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /\.ya?ml$/.test(file));

  it.each(files)('use actions by the hash of a commit, with their version beside it: %s', (file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    for (const [, reference = ''] of text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)) {
      expect(reference).toMatch(/^(?:\.\/.*|[\w-]+\/[\w/.-]+@[\da-f]{40} # v\d+\.\d+\.\d+)$/);
    }
  });
});

describe('Renovate', () => {
  const { customManagers } = JSON.parse(readFileSync(path.join(root, 'renovate.json'), 'utf8')) as {
    readonly customManagers: readonly {
      readonly managerFilePatterns: readonly string[];
      readonly matchStrings: readonly string[];
    }[];
  };
  const commented = execFileSync('git', ['grep', '-l', '# renovate: datasource', '--', '.github', '.ci', 'docker'], {
    cwd: root,
    encoding: 'utf8',
  })
    .trim()
    .split('\n');

  it.each(commented)('finds the version below each of its comments: %s', (file) => {
    const [manager] = customManagers;
    const patterns = manager?.managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1))) ?? [];
    expect(patterns.some((pattern) => pattern.test(file))).toBe(true);
    const text = readFileSync(path.join(root, file), 'utf8');
    const found = [...text.matchAll(new RegExp(manager?.matchStrings[0] ?? '', 'g'))];
    expect(found).toHaveLength(text.split('# renovate: datasource').length - 1);
    for (const { groups } of found) expect(groups?.['currentValue']).toMatch(/^v?\d+\.\d+\.\d+$/);
  });
});
