// Checks the built site: every internal link leads to a page that exists, and every anchor to a heading. VitePress checks
// the pages only. Run after `vitepress build`; it exits with 1 and a list of dead links.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const site = path.join(import.meta.dirname, 'dist');
const base = process.env.SITE_BASE ?? '/';

/** @type {Map<string, Set<string>>} the ids in each page */
const idsOf = new Map();
for (const file of globSync('**/*.html', { cwd: site })) {
  const html = readFileSync(path.join(site, file), 'utf8');
  idsOf.set(file, new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => decodeEntities(id))));
}

const dead = [];
let count = 0;
for (const file of idsOf.keys()) {
  const html = readFileSync(path.join(site, file), 'utf8');
  for (const [, encoded] of html.matchAll(/<(?:a|img|source)\b[^>]* (?:href|src|srcset)="([^"]+)"/g)) {
    const href = decodeEntities(encoded);
    if (/^([a-z][a-z+.-]*:|\/\/)/i.test(href)) continue;
    count += 1;
    const problem = problemOf(href, file);
    if (problem !== undefined) dead.push(`${file}: ${href} ${problem}`);
  }
}
if (idsOf.size === 0) dead.push(`${site} has no pages: build them first`);
process.stdout.write(`${idsOf.size} pages, ${count} internal links, ${dead.length} dead\n`);
for (const line of new Set(dead)) process.stderr.write(`${line}\n`);
process.exitCode = dead.length === 0 ? 0 : 1;

/**
 * @param {string} href
 * @param {string} source the page with the link
 */
function problemOf(href, source) {
  const [, address, anchor] = /^([^#?]*)(?:\?[^#]*)?(?:#(.*))?$/.exec(href) ?? [];
  const inSite = address === '' ? source : fileOf(address, source);
  if (inSite === undefined || !existsSync(path.join(site, inSite))) return 'has no target';
  if (anchor === undefined || anchor === '' || !inSite.endsWith('.html')) return undefined;
  return idsOf.get(inSite)?.has(decodeURIComponent(anchor)) ? undefined : 'has no such heading';
}

/**
 * @param {string} address
 * @param {string} source
 */
function fileOf(address, source) {
  if (!address.startsWith('/')) return path.posix.join(path.posix.dirname(source), decodeURIComponent(address));
  if (!address.startsWith(base)) return undefined;
  const file = decodeURIComponent(address.slice(base.length));
  return file === '' || file.endsWith('/') ? `${file}index.html` : file;
}

/** @param {string} text */
function decodeEntities(text) {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
