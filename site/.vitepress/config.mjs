// The configuration of VitePress. The pages are in docs/ and beside what they describe; pages.ts lists them.
import { cpSync, rmSync, watch } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitepress';
import { findPages, resolveLink, root, sectionsOf, slugOf } from '../pages.ts';

const pages = findPages();
const { GITHUB_SERVER_URL = 'https://github.com', GITHUB_REPOSITORY, SITE_BASE = '/' } = process.env;
/** The target of links to files that are not pages. */
const repository = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY ?? 'spandrel/spandrel'}`;
const files = `${repository}/blob/main`;
const copies = path.join(root, 'site/pages');

rmSync(copies, { recursive: true, force: true });
copyPages();
if (process.argv.includes('dev')) watch(path.join(root, 'docs'), { recursive: true }, copyPages);

export default defineConfig({
  title: 'Spandrel',
  description: 'Distributed tracing on PostgreSQL: OTLP in; SQL, TraceQL and Jaeger out',
  lang: 'en',
  base: SITE_BASE,
  srcDir: 'pages',
  outDir: 'dist',
  cacheDir: '.vitepress/cache',
  rewrites: Object.fromEntries(pages.map(({ source, target }) => [source, target])),
  metaChunk: true,
  ignoreDeadLinks: 'localhostLinks',
  themeConfig: {
    sidebar: sectionsOf(pages),
    outline: [2, 3],
    search: { provider: 'local' },
    ...(GITHUB_REPOSITORY === undefined ? {} : { socialLinks: [{ icon: 'github', link: repository }] }),
  },
  markdown: {
    anchor: { slugify: slugOf },
    // Shiki knows neither TraceQL nor PromQL; their operators and texts look like those of JavaScript.
    languageAlias: { traceql: 'js', promql: 'js' },
    config: (markdown) => {
      markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
        const source = path.relative(copies, env.realPath ?? env.path);
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

/** Copies the pages and their pictures to where VitePress and the packages of this folder are found. */
function copyPages() {
  for (const source of ['docs/pictures', ...pages.map((page) => page.source)])
    cpSync(path.join(root, source), path.join(copies, source), { recursive: true });
}
