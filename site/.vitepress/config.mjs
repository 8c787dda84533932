// The configuration of VitePress. The pages stay where they are, in docs/ and beside what they describe.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitepress';
import { findPages, resolveLink, root, sectionsOf, slugOf } from '../pages.ts';

const pages = findPages();
const { GITHUB_SERVER_URL = 'https://github.com', GITHUB_REPOSITORY, SITE_BASE = '/' } = process.env;
/** Where links lead to files that are no pages. */
const repository = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY ?? 'spandrel/spandrel'}`;
const files = `${repository}/blob/main`;

export default defineConfig({
  title: 'Spandrel',
  description: 'Distributed tracing on PostgreSQL: OTLP in, SQL and Jaeger out',
  lang: 'en',
  base: SITE_BASE,
  srcDir: '..',
  srcExclude: excluded(),
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  rewrites: Object.fromEntries(pages.map(({ source, target }) => [source, target])),
  metaChunk: true,
  themeConfig: {
    sidebar: sectionsOf(pages),
    outline: [2, 3],
    search: { provider: 'local' },
    ...(GITHUB_REPOSITORY === undefined ? {} : { socialLinks: [{ icon: 'github', link: repository }] }),
  },
  markdown: {
    anchor: { slugify: slugOf },
    config: (markdown) => {
      markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
        const source = path.relative(root, env.realPath ?? env.path);
        for (const token of tokens.flatMap((block) => [block, ...(block.children ?? [])])) rewrite(token, source);
      });
    },
  },
});

/**
 * @param {{ type: string, content: string, attrs: [string, string][] | null }} token
 * @param {string} source the page, from the root of the repository
 */
function rewrite(token, source) {
  if (token.type === 'link_open') {
    const href = token.attrs?.find(([name]) => name === 'href');
    if (href !== undefined) href[1] = resolveLink(href[1], source, pages, files);
  }
  // Vue loads a picture from a relative path only if it begins with a dot.
  if (token.type.startsWith('html_'))
    token.content = token.content.replaceAll(/ (src|srcset)="(?![./]|https?:)/g, ' $1="./');
}

/** Everything in the repository that is no page. VitePress takes a list of what to leave out. */
function excluded() {
  const isPage = new Set(pages.map(({ source }) => source));
  return ['.', 'helm', 'helm/spandrel']
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { withFileTypes: true }).map((entry) => ({ folder, entry })),
    )
    .map(({ folder, entry }) => ({ name: path.posix.join(folder, entry.name), entry }))
    .filter(({ name }) => !isPage.has(name) && !['docs', 'helm', 'helm/spandrel'].includes(name))
    .map(({ name, entry }) => (entry.isDirectory() ? `${name}/**` : name));
}
