import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { releaseNotes } from './changelog.ts';

/** A version that can be released, or a candidate: `0.2.0`, `0.2.0-rc.1`. */
const semver = /^(\d+)\.(\d+)\.(\d+)(?:-([\da-z.-]+))?$/;

/** The version of the chart and of everything in it. */
export function chartVersion(root: string): string {
  const { version, appVersion } = parse(readFileSync(path.join(root, 'helm/spandrel/Chart.yaml'), 'utf8')) as {
    readonly version: string;
    readonly appVersion: string;
  };
  if (version !== appVersion) {
    throw new Error(`version and appVersion of the chart must be equal, got ${version} and ${appVersion}`);
  }
  return version;
}

/**
 * Compares the versions that a release has.
 *
 * @param tag such as `v0.2.0`; without one, the changelog needs no section of its own
 * @throws Error that names the two that differ
 */
export function checkVersions(root: string, tag?: string): string {
  const version = chartVersion(root);
  if (!semver.test(version))
    throw new Error(`the version of the chart must be like 0.2.0 or 0.2.0-rc.1, got ${version}`);
  const { version: packageVersion } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  if (packageVersion !== version)
    throw new Error(`package.json has version ${packageVersion}, and the chart ${version}`);
  if (tag === undefined) return version;
  if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, and the chart has version ${version}`);
  releaseNotes(readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8'), version);
  return version;
}

/** Negative if the left version is older. A candidate is older than its version. */
export function compareVersions(left: string, right: string): number {
  const [, ...leftParts] = semver.exec(left) ?? [];
  const [, ...rightParts] = semver.exec(right) ?? [];
  for (const index of [0, 1, 2]) {
    const difference = Number(leftParts[index]) - Number(rightParts[index]);
    if (difference !== 0) return difference;
  }
  const [leftCandidate, rightCandidate] = [leftParts[3], rightParts[3]];
  if (leftCandidate === rightCandidate) return 0;
  if (leftCandidate === undefined) return 1;
  if (rightCandidate === undefined) return -1;
  return leftCandidate.localeCompare(rightCandidate, 'en', { numeric: true });
}

/** The newest of tags such as `v0.2.0`; undefined if none is a version. */
export function newestTag(tags: readonly string[]): string | undefined {
  return tags
    .filter((tag) => tag.startsWith('v') && semver.test(tag.slice(1)))
    .toSorted((left, right) => compareVersions(left.slice(1), right.slice(1)))
    .at(-1);
}

/**
 * Whether the chart may be merged: it is unchanged since the last release, or its version is a newer one.
 *
 * @throws Error that says what the version must be
 */
export function checkNewVersion(version: string, lastTag: string | undefined, hasChanged: boolean): void {
  if (lastTag === undefined || !hasChanged || compareVersions(version, lastTag.slice(1)) > 0) return;
  throw new Error(
    `the chart has changed since ${lastTag}: its version must be later than ${lastTag.slice(1)}, got ${version}`,
  );
}
