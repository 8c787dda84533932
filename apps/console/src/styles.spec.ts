import { expect, it } from 'vitest';

interface Rule {
  readonly file: string;
  /** The at-rules around it. */
  readonly around: string;
  readonly selectors: readonly string[];
  /** Sorted. */
  readonly declarations: readonly string[];
}

const sheets = import.meta.glob<string>('./**/*.css', { query: '?raw', import: 'default', eager: true });
const rules = Object.entries(sheets).flatMap(([file, css]) => rulesOf(file.slice(2), css));

it('a class has its styles in one file, because the styles of all visited pages apply', () => {
  const files = new Map<string, Set<string>>();
  for (const { file, selectors } of rules) {
    for (const selector of selectors.filter((each) => /^\.[\w-]+$/.test(each))) {
      files.set(selector, (files.get(selector) ?? new Set()).add(file));
    }
  }
  expect(files.size).toBeGreaterThan(200);
  expect([...files].filter(([, own]) => own.size > 1).map(([selector, own]) => [selector, ...own])).toEqual([]);
});

it('only the frame of the console styles elements', () => {
  const outside = rules.filter(({ file, around }) => file !== 'styles.css' && !around.includes('@keyframes'));
  expect(outside.flatMap(({ selectors }) => selectors.filter((each) => /^[a-z]+$/.test(each)))).toEqual(['kbd']);
});

it('no two rules of the console have the same six declarations', () => {
  const byDeclarations = Map.groupBy(
    rules.filter(({ declarations }) => declarations.length >= 6),
    ({ around, declarations }) => [around, ...declarations].join('\n'),
  );
  expect([...byDeclarations.values()].filter((same) => same.length > 1)).toEqual([]);
});

/** The rules of a style sheet. Strings in it have no braces. */
function rulesOf(file: string, css: string): readonly Rule[] {
  const around: string[] = [];
  const found: Rule[] = [];
  for (const [, before = '', end] of css.replaceAll(/\/\*.*?\*\//gs, '').matchAll(/([^{}]*)([{}])/g)) {
    if (end === '{') {
      // Declarations come before a nested rule, too.
      around.push(before.split(';').at(-1)?.trim() ?? '');
      continue;
    }
    const selector = around.pop() ?? '';
    const declarations = before.split(';').map((each) => each.trim().replaceAll(/\s+/g, ' '));
    if (selector.startsWith('@')) continue;
    found.push({
      file,
      around: around.join(' '),
      selectors: selector.split(/,(?![^(]*\))/).map((each) => each.trim()),
      declarations: declarations.filter((each) => each !== '').toSorted(),
    });
  }
  return found;
}
