import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPages, plainHeading, resolveLink, root, sectionsOf, slugOf } from './pages.ts';

const documents = globSync(
  '{*.md,{apps,bench,dashboards,docker,docs,generate,helm,k8s,libs,load,proto,site,smoke,stack,test,workshop}/**/*.md}',
  {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name === 'dist',
  },
).filter((file) => !/^(proto\/opentelemetry-proto|site\/pages)\//.test(file));
const pages = findPages();
const files = 'https://example.com/spandrel/blob/main';

/** A document without its code, whose brackets are not links. */
function withoutCode(markdown: string): string {
  return markdown
    .replaceAll(/^( *)```[^]*?^\1```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()<>]/g, ' '));
}

function linksOf(file: string): readonly string[] {
  const text = withoutCode(readFileSync(path.join(root, file), 'utf8'));
  return [
    ...[...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, href = '']) => href),
    ...[...text.matchAll(/ (?:src|srcset|href)="([^"]+)"/g)].map(([, href = '']) => href),
  ].filter((href) => !/^([a-z][a-z+.-]*:|\/\/)/i.test(href));
}

/** The anchors of a document, as GitHub and the site make them. */
function anchorsOf(file: string): ReadonlySet<string> {
  const text = readFileSync(path.join(root, file), 'utf8').replaceAll(/^( *)```[^]*?^\1```$/gm, '');
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = slugOf(plainHeading(heading));
    let anchor = slug;
    for (let number = 1; anchors.has(anchor); number++) anchor = `${slug}-${number}`;
    anchors.add(anchor);
  }
  return anchors;
}

function problemOf(href: string, source: string): string | undefined {
  const [, file = '', anchor] = /^([^#]*)(?:#(.*))?$/.exec(href) ?? [];
  const target = file === '' ? source : path.posix.join(path.posix.dirname(source), decodeURIComponent(file));
  if (!existsSync(path.join(root, target))) return `${source}: ${href} has no target`;
  if (anchor === undefined || statSync(path.join(root, target)).isDirectory() || !target.endsWith('.md'))
    return undefined;
  return anchorsOf(target).has(anchor) ? undefined : `${source}: ${href} has no such heading`;
}

describe('the documents', () => {
  it('are found', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/README.md', 'docs/adr/README.md']));
  });

  it('have links to files and headings that exist', () => {
    const problems = documents.flatMap((source) => linksOf(source).map((href) => problemOf(href, source)));
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
    expect(problems.length).toBeGreaterThan(300);
  });
});

describe('a link of a page', () => {
  it.each([
    ['jaeger.md#errors', 'docs/README.md', '/jaeger.md#errors'],
    ['README.md', 'docs/jaeger.md', '/index.md'],
    ['../adr/README.md', 'docs/workshop/README.md', '/adr/index.md'],
    ['workshop', 'docs/README.md', '/workshop/index.md'],
    ['../helm/spandrel/README.md', 'docs/kubernetes.md', '/values.md'],
    ['../CONTRIBUTING.md#ten-tasks', 'docs/README.md', '/contributing.md#ten-tasks'],
    ['docs/glossary.md', 'CONTRIBUTING.md', '/glossary.md'],
    ['../stack/main.ts', 'docs/architecture.md', `${files}/stack/main.ts`],
    ['../stack', 'docs/architecture.md', 'https://example.com/spandrel/tree/main/stack'],
    ['#errors', 'docs/jaeger.md', '#errors'],
    ['https://example.org/a', 'docs/jaeger.md', 'https://example.org/a'],
  ])('%s of %s leads to %s', (href, source, expected) => {
    expect(resolveLink(href, source, pages, files)).toBe(expected);
  });

  it('fails if its target does not exist', () => {
    expect(() => resolveLink('missing.md', 'docs/jaeger.md', pages, files)).toThrow('missing.md has no target');
  });
});

describe('the navigation', () => {
  it('has every page once', () => {
    const links = sectionsOf(pages).flatMap(({ items }) => items.map(({ link }) => link));
    expect(links.toSorted()).toEqual(pages.map(({ target }) => `/${target}`).toSorted());
  });

  it('has a title for every page', () => {
    expect(pages.filter(({ title }) => title === '')).toEqual([]);
  });
});

it.each([
  ['What is promised', 'what-is-promised'],
  ['ps_trace.attribute_differences', 'ps_traceattribute_differences'],
  ['GET /api/traces/{traceId}', 'get-apitracestraceid'],
  ['1. Write to both stores', '1-write-to-both-stores'],
])('slugOf makes the anchor of "%s" as GitHub does', (heading, anchor) => {
  expect(slugOf(heading)).toBe(anchor);
});
