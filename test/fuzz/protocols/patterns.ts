/** Random regular expressions, from simple ones to those that are expensive for an engine. */
import type { SeededRandom } from '../../../bench/corpus/random.ts';
import { logUniform } from '../awkward.ts';

const hostilePatterns: readonly string[] = [
  '((a{1,200}){1,200}){1,200}',
  '(a*)*b',
  '(a|aa)+$',
  '(.*)*x',
  '(x+x+)+y',
  '(?:(?:(?:a?){50}){50}){50}',
  '[',
  '(',
  ')',
  '*',
  'a{',
  'a{1,2',
  'a{255}{255}',
  'a{256}',
  'a{2,1}',
  '\\',
  '\\k',
  '(?i)a',
  '(?=a)',
  '[[:alpha:]]',
  '[z-a]',
  '[^]',
  '\\x{110000}',
  '\0',
  '***=a',
  '***:a',
];

/** Draws a pattern, usually a short one. */
export function anyPattern(random: SeededRandom): string {
  const roll = random.below(100);
  if (roll < 30) return random.pick(hostilePatterns);
  if (roll < 33) return '('.repeat(logUniform(random, 200));
  if (roll < 36) return `(${'a|'.repeat(logUniform(random, 2_000))}b)`;
  if (roll < 38) return 'a?'.repeat(logUniform(random, 300)) + 'a'.repeat(20);
  if (roll < 40) return '[a-z]'.repeat(logUniform(random, 1_000));
  return anyExpression(random, 3);
}

function anyExpression(random: SeededRandom, depth: number): string {
  const parts = Array.from({ length: 1 + random.below(3) }, () => {
    const atom = anyAtom(random, depth);
    return atom + random.pick(['', '', '', '*', '+', '?', '{2}', '{1,5}', '{3,}', '{0,200}']);
  });
  return parts.join(random.chance(0.2) ? '|' : '');
}

function anyAtom(random: SeededRandom, depth: number): string {
  if (depth > 0 && random.chance(0.4)) return `(${anyExpression(random, depth - 1)})`;
  return random.pick(['a', 'b', '.', '\\d', '\\w', '\\.', '[a-c]', '[^x]', '^', '$', 'é', '\\x41', '/']);
}
