import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { kubernetesVersion } from '../k8s/chart-files.ts';

/** A document of SPDX 2.3. */
export interface SpdxDocument {
  readonly spdxVersion: 'SPDX-2.3';
  readonly packages: readonly {
    readonly SPDXID: string;
    readonly name: string;
    readonly versionInfo: string;
    readonly externalRefs?: readonly { readonly referenceLocator: string }[];
    readonly [field: string]: unknown;
  }[];
  readonly [field: string]: unknown;
}

/**
 * The images that a packaged chart installs by default, as SPDX. What an image contains is in the image's own attestation.
 *
 * @param file the package
 * @param created when it was made
 * @throws Error if Helm cannot render it
 */
export function chartSbom(file: string, created: Date): SpdxDocument {
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
  const [, version = ''] = /-(\d+\.\d+\.\d+.*)\.tgz$/.exec(path.basename(file)) ?? [];
  const images = imagesOf(file);
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: path.basename(file),
    documentNamespace: `https://spdx.org/spdxdocs/spandrel-${version}-${digest}`,
    creationInfo: { created: `${created.toISOString().slice(0, 19)}Z`, creators: ['Tool: spandrel-release'] },
    packages: [
      {
        SPDXID: 'SPDXRef-chart',
        name: 'spandrel',
        versionInfo: version,
        downloadLocation: 'NOASSERTION',
        filesAnalyzed: false,
        licenseDeclared: 'Apache-2.0',
        checksums: [{ algorithm: 'SHA256', checksumValue: digest }],
      },
      ...images.map((image, index) => ({
        SPDXID: `SPDXRef-image-${index}`,
        downloadLocation: 'NOASSERTION',
        filesAnalyzed: false,
        ...imagePackage(image),
      })),
    ],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: 'SPDXRef-chart' },
      ...images.map((_, index) => ({
        spdxElementId: 'SPDXRef-chart',
        relationshipType: 'DEPENDS_ON',
        relatedSpdxElement: `SPDXRef-image-${index}`,
      })),
    ],
  };
}

/** The images of all containers that a package renders, sorted. */
export function imagesOf(file: string): readonly string[] {
  // Helm renders for a version that it knows, which may be too old for the chart.
  const options = ['--kube-version', kubernetesVersion];
  const rendered = execFileSync('helm', ['template', 'spandrel', file, ...options], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const images = parseAllDocuments(rendered).flatMap((document) =>
    [...JSON.stringify(document.toJS() ?? null).matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image ?? ''),
  );
  return [...new Set(images)].toSorted();
}

function imagePackage(image: string) {
  const [named = '', digest] = image.split('@');
  const [, name = named, tag = 'latest'] = /^(.*?)(?::([^:/]+))?$/.exec(named) ?? [];
  const version = digest === undefined ? '' : `@${encodeURIComponent(digest)}`;
  const locator = `pkg:oci/${name.split('/').at(-1)}${version}?repository_url=${encodeURIComponent(name)}&tag=${tag}`;
  return {
    name,
    versionInfo: tag,
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: locator }],
  };
}
