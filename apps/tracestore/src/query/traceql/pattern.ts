import { limits } from '../../limits.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';

/**
 * Translate a regular expression of RE2 for PostgreSQL's operator `~`, so that it matches the whole text. Case matters, and `.`
 * matches the end of a line, unless a flag says otherwise.
 *
 * The text is valid RE2: `parseQuery` has checked it. An expression has no back-references, so the time to match it grows only
 * with the text. What compiling it takes is bounded by `limits.patternCharacters` and `limits.patternOptionals`.
 *
 * @throws TracestoreError `invalid` for an expression beyond a limit, and for `\C`, which matches a byte
 */
export function wholePatternOf(source: string): string {
  const translator = new Translator([...source]);
  const text = translator.alternatives({ ignoresCase: false, isMultiline: false, isDotAll: true, isUngreedy: false });
  return `***:\\A(?:${text})\\Z`;
}

interface Flags {
  readonly ignoresCase: boolean;
  /** `^` and `$` match at the ends of lines, too. */
  readonly isMultiline: boolean;
  readonly isDotAll: boolean;
  /** Which repetitions are lazy does not matter where the whole text must match. */
  readonly isUngreedy: boolean;
}

/** Ranges of code points, both ends included. */
type CharacterSet = readonly (readonly [number, number])[];

const lastPoint = 0x10_ffff;
const perlClasses: Readonly<Record<string, CharacterSet>> = {
  d: [[48, 57]],
  w: [[48, 57], [65, 90], [95, 95], [97, 122]], // prettier-ignore
  s: [[9, 10], [12, 13], [32, 32]], // prettier-ignore
};
const namedClasses: Readonly<Record<string, CharacterSet>> = {
  alnum: [[48, 57], [65, 90], [97, 122]], // prettier-ignore
  alpha: [[65, 90], [97, 122]], // prettier-ignore
  ascii: [[0, 127]],
  blank: [[9, 9], [32, 32]], // prettier-ignore
  cntrl: [[0, 31], [127, 127]], // prettier-ignore
  digit: [[48, 57]],
  graph: [[33, 126]],
  lower: [[97, 122]],
  print: [[32, 126]],
  punct: [[33, 47], [58, 64], [91, 96], [123, 126]], // prettier-ignore
  space: [[9, 13], [32, 32]], // prettier-ignore
  upper: [[65, 90]],
  word: [[48, 57], [65, 90], [95, 95], [97, 122]], // prettier-ignore
  xdigit: [[48, 57], [65, 70], [97, 102]], // prettier-ignore
};
const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
const wordCharacter = '[0-9A-Za-z_]';
const wordBoundary = `(?:(?<=${wordCharacter})(?!${wordCharacter})|(?<!${wordCharacter})(?=${wordCharacter}))`;
const noWordBoundary = `(?:(?<=${wordCharacter})(?=${wordCharacter})|(?<!${wordCharacter})(?!${wordCharacter}))`;

/** PostgreSQL counts repetitions up to this number. */
const maxRepetitions = 255;

class Translator {
  private at = 0;
  private characters = 0;
  private optionals = 0;

  constructor(private readonly source: readonly string[]) {}

  alternatives(flags: Flags): string {
    let current = flags;
    let text = '';
    for (;;) {
      const character = this.source[this.at];
      if (character === undefined || character === ')') return text;
      this.at += 1;
      if (character === '|') {
        text += '|';
        continue;
      }
      const own = character === '(' ? this.flags(current) : undefined;
      if (own !== undefined) {
        current = own;
        continue;
      }
      const from = this.characters;
      const optionalsFrom = this.optionals;
      text += this.repeated(this.atom(character, current), this.characters - from, this.optionals - optionalsFrom);
      if (this.characters > limits.patternCharacters.value)
        refuse(`has more than ${limits.patternCharacters.value} characters, repetitions written out`);
      if (this.optionals > limits.patternOptionals.value)
        refuse(`has more than ${limits.patternOptionals.value} optional parts, repetitions written out`);
    }
  }

  /** Repetitions that follow an atom. */
  private repeated(atom: string, characters: number, optionals: number): string {
    let text = atom;
    for (;;) {
      const character = this.source[this.at];
      const counted = character === '{' ? this.counted() : undefined;
      if (counted === undefined && character !== '*' && character !== '+' && character !== '?') return text;
      if (counted === undefined) this.at += 1;
      if (this.source[this.at] === '?') this.at += 1;
      const least = counted?.least ?? (character === '+' ? 1 : 0);
      const most = counted === undefined ? (character === '?' ? 1 : Infinity) : counted.most;
      const times = Math.max(least, most === Infinity ? 1 : most, 1);
      this.characters += characters * (times - 1);
      this.optionals += optionals * (times - 1) + (most === Infinity ? 1 : most - least);
      if (this.characters > limits.patternCharacters.value)
        refuse(`has more than ${limits.patternCharacters.value} characters, repetitions written out`);
      if (this.optionals > limits.patternOptionals.value)
        refuse(`has more than ${limits.patternOptionals.value} optional parts, repetitions written out`);
      text = `(?:${text}${repetition(least, most)})`;
    }
  }

  /** `{n}`, `{n,}` or `{n,m}`; undefined for a brace that means itself. */
  private counted(): { readonly least: number; readonly most: number } | undefined {
    const [whole, least = '', comma, most = ''] =
      /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/.exec(this.source.slice(this.at, this.at + 12).join('')) ?? [];
    if (whole === undefined) return undefined;
    this.at += whole.length;
    const limit = most === '' ? Infinity : Number(most);
    return { least: Number(least), most: comma === undefined ? Number(least) : limit };
  }

  private atom(character: string, flags: Flags): string {
    switch (character) {
      case '(': {
        const [prefix = '', group = ''] =
          /^(?:\?P?<\w+>|\?([a-zA-Z-]*):)/.exec(this.source.slice(this.at, this.at + 300).join('')) ?? [];
        this.at += [...prefix].length;
        const inside = this.alternatives(withFlags(flags, group));
        this.at += 1;
        return `(?:${inside})`;
      }
      case '[':
        return this.one(this.set(flags));
      case '.':
        return this.one(flags.isDotAll ? [[0, lastPoint]] : [[0, 9], [11, lastPoint]]); // prettier-ignore
      case '^':
        return flags.isMultiline ? '(?:\\A|(?<=\\n))' : '(?:\\A)';
      case '$':
        return flags.isMultiline ? '(?:\\Z|(?=\\n))' : '(?:\\Z)';
      case '\\':
        return this.escape(flags);
      default:
        return this.one(single(character, flags));
    }
  }

  /** `(?i)` and the like, which hold up to the end of the group. */
  private flags(flags: Flags): Flags | undefined {
    const [whole, letters = ''] = /^\?([a-zA-Z-]+)\)/.exec(this.source.slice(this.at, this.at + 20).join('')) ?? [];
    if (whole === undefined) return undefined;
    this.at += whole.length;
    return withFlags(flags, letters);
  }

  private escape(flags: Flags): string {
    const character = this.source[this.at] ?? '';
    switch (character) {
      case 'A':
        this.at += 1;
        return '(?:\\A)';
      case 'z':
        this.at += 1;
        return '(?:\\Z)';
      case 'b':
        this.at += 1;
        return wordBoundary;
      case 'B':
        this.at += 1;
        return noWordBoundary;
      case 'C':
        return refuse('has \\C, which matches a byte');
      case 'Q': {
        const rest = this.source.slice(this.at + 1);
        const end = rest.findIndex((part, n) => part === '\\' && rest[n + 1] === 'E');
        const quoted = end < 0 ? rest : rest.slice(0, end);
        this.at += 1 + quoted.length + (end < 0 ? 0 : 2);
        const parts = quoted.map((part) => this.one(single(part, flags)));
        // What follows repeats the last character alone.
        const last = parts.pop();
        return last === undefined ? '' : parts.join('') + this.repeated(last, 1, 0);
      }
      default:
        return this.one(this.escapedSet(flags) ?? single(this.escaped(), flags));
    }
  }

  /** `\d`, `\pL` and the like, after the backslash. */
  private escapedSet(flags: Flags): CharacterSet | undefined {
    const character = this.source[this.at] ?? '';
    const perl = perlClasses[character.toLowerCase()];
    if (perl !== undefined) {
      this.at += 1;
      const set = flags.ignoresCase ? withBothCases(perl) : perl;
      return character === character.toLowerCase() ? set : complement(set);
    }
    if (character !== 'p' && character !== 'P') return undefined;
    this.at += 1;
    let name = this.source[this.at] ?? '';
    this.at += 1;
    if (name === '{') {
      const end = this.source.indexOf('}', this.at);
      name = this.source.slice(this.at, end).join('');
      this.at = end + 1;
    }
    const isNegated = name.startsWith('^') !== (character === 'P');
    const set = unicodeClass(name.replace('^', ''));
    const folded = flags.ignoresCase ? withBothCases(set) : set;
    return isNegated ? complement(folded) : folded;
  }

  /** The character that an escape stands for, after the backslash. */
  private escaped(): string {
    const character = this.source[this.at] ?? '';
    const ahead = this.source.slice(this.at, this.at + 12).join('');
    const [whole, long, short] = /^x(?:\{([\da-f]+)\}|([\da-f]{2}))/i.exec(ahead) ?? [];
    const octal = /^[0-7]{1,3}/.exec(ahead)?.[0];
    if (whole !== undefined) {
      this.at += whole.length;
      return String.fromCodePoint(Number.parseInt(long ?? short ?? '', 16));
    }
    if (octal !== undefined) {
      this.at += octal.length;
      return String.fromCodePoint(Number.parseInt(octal, 8));
    }
    this.at += 1;
    return String.fromCodePoint(controls[character] ?? character.codePointAt(0) ?? 0);
  }

  /** What stands in brackets. */
  private set(flags: Flags): CharacterSet {
    const isNegated = this.source[this.at] === '^';
    if (isNegated) this.at += 1;
    let ranges: CharacterSet = [];
    for (let isFirst = true; this.source[this.at] !== ']' || isFirst; isFirst = false) {
      const [named, negation, name = ''] =
        /^\[:(\^?)(\w+):\]/.exec(this.source.slice(this.at, this.at + 14).join('')) ?? [];
      if (named !== undefined) {
        this.at += named.length;
        const set = namedClasses[name] ?? [];
        ranges = [...ranges, ...(negation === '^' ? complement(set) : set)];
        continue;
      }
      if (this.source[this.at] === '\\') {
        this.at += 1;
        const set = this.escapedSet(flags);
        if (set !== undefined) {
          ranges = [...ranges, ...set];
          continue;
        }
        this.at -= 1;
      }
      const low = this.member();
      let high = low;
      if (this.source[this.at] === '-' && this.source[this.at + 1] !== ']' && this.at + 1 < this.source.length) {
        this.at += 1;
        high = this.member();
      }
      ranges = [...ranges, [low, high]];
    }
    this.at += 1;
    const set = flags.ignoresCase ? withBothCases(ranges) : ranges;
    // With the flag -s, RE2 still lets a negated set match the end of a line.
    return isNegated ? complement(set) : set;
  }

  private member(): number {
    const character = this.source[this.at] ?? '';
    this.at += 1;
    if (character !== '\\') return character.codePointAt(0) ?? 0;
    return this.escaped().codePointAt(0) ?? 0;
  }

  private one(set: CharacterSet): string {
    this.characters += 1;
    return written(set);
  }
}

function repetition(least: number, most: number): string {
  if (most === Infinity) {
    if (least === 0) return '*';
    return least === 1 ? '+' : `{${least},}`;
  }
  if (Math.max(least, most) > maxRepetitions) refuse(`repeats more than ${maxRepetitions} times`);
  return least === 0 && most === 1 ? '?' : `{${least},${most}}`;
}

function withFlags(flags: Flags, letters: string): Flags {
  const [on = '', off = ''] = letters.split('-');
  const is = (letter: string, before: boolean) => (on.includes(letter) ? true : off.includes(letter) ? false : before);
  return {
    ignoresCase: is('i', flags.ignoresCase),
    isMultiline: is('m', flags.isMultiline),
    isDotAll: is('s', flags.isDotAll),
    isUngreedy: is('U', flags.isUngreedy),
  };
}

function single(character: string, flags: Flags): CharacterSet {
  const point = character.codePointAt(0) ?? 0;
  return flags.ignoresCase ? withBothCases([[point, point]]) : [[point, point]];
}

/** Larger sets are letters of both cases already, or are left as they are. */
const maxFolded = 5_000;

/** Adds the other case of each letter, also where there are several: `k`, `K` and the sign of Kelvin. */
function withBothCases(set: CharacterSet): CharacterSet {
  const size = set.reduce((sum, [low, high]) => sum + high - low + 1, 0);
  if (size > maxFolded) return set;
  const added: (readonly [number, number])[] = [];
  for (const [low, high] of set)
    for (let point = low; point <= high; point += 1) for (const other of foldsOf(point)) added.push([other, other]);
  return [...set, ...added];
}

/** Letters that have the lower case of another letter. */
const foldedLetters = [0x17f, 0x1e9e, 0x2126, 0x212a, 0x212b, 0x3c2, 0x3d0, 0x3d1, 0x3d5, 0x3d6, 0x3f0, 0x3f1, 0x3f5];

function foldsOf(point: number): readonly number[] {
  if (point >= 0xd800 && point <= 0xdfff) return [];
  const character = String.fromCodePoint(point);
  const same = new RegExp(`^\\u{${point.toString(16)}}$`, 'iu');
  return [
    character.toLowerCase(),
    character.toUpperCase(),
    ...foldedLetters.map((other) => String.fromCodePoint(other)),
  ]
    .filter((other) => [...other].length === 1 && other !== character && same.test(other))
    .map((other) => other.codePointAt(0) ?? 0);
}

const unicodeClasses = new Map<string, CharacterSet>();

/** A category or script of Unicode. */
function unicodeClass(name: string): CharacterSet {
  const known = unicodeClasses.get(name);
  if (known !== undefined) return known;
  const pattern = unicodePattern(name);
  const ranges: [number, number][] = [];
  for (let point = 0; point <= lastPoint; point += 1) {
    if (point === 0xd800) point = 0xe000;
    if (!pattern.test(String.fromCodePoint(point))) continue;
    const last = ranges.at(-1);
    if (last?.[1] === point - 1) last[1] = point;
    else ranges.push([point, point]);
  }
  // There are some 200 names, so the map stays small.
  unicodeClasses.set(name, ranges);
  return ranges;
}

function unicodePattern(name: string): RegExp {
  if (name === 'Any') return /^[^]$/u;
  for (const property of [name, `Script=${name}`]) {
    try {
      return new RegExp(`^\\p{${property}}$`, 'u');
    } catch {
      continue;
    }
  }
  return refuse(`has the unknown class of characters ${name}`);
}

function complement(set: CharacterSet): CharacterSet {
  const ranges: (readonly [number, number])[] = [];
  let next = 0;
  for (const [low, high] of joined(set)) {
    if (low > next) ranges.push([next, low - 1]);
    next = high + 1;
  }
  return next > lastPoint ? ranges : [...ranges, [next, lastPoint]];
}

/** Ranges in order, without gaps of nothing between them. */
function joined(set: CharacterSet): CharacterSet {
  const ranges: [number, number][] = [];
  for (const [low, high] of set.toSorted(([a], [b]) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else ranges.push([low, high]);
  }
  return ranges;
}

/** A set as PostgreSQL reads it. */
function written(set: CharacterSet): string {
  const ranges = joined(set);
  const [first] = ranges;
  // Nothing matches an empty set.
  if (first === undefined) return '(?!)';
  const [low, high] = first;
  if (low === 0 && high === lastPoint) return '(?:.)';
  if (ranges.length === 1 && low === high) return numbered(low);
  // Texts are stored without U+0000 and without halves of surrogate pairs.
  const parts = ranges.flatMap(([from, to]) => withoutSurrogates(Math.max(from, 1), to));
  return parts.length === 0 ? '(?!)' : `[${parts.map(rangeText).join('')}]`;
}

function withoutSurrogates(low: number, high: number): CharacterSet {
  if (low > high) return [];
  if (high < 0xd800 || low > 0xdfff) return [[low, high]];
  return [...(low < 0xd800 ? [[low, 0xd7ff] as const] : []), ...(high > 0xdfff ? [[0xe000, high] as const] : [])];
}

function rangeText([low, high]: readonly [number, number]): string {
  return low === high ? numbered(low) : `${numbered(low)}-${numbered(high)}`;
}

/** A character by its number, unless it is a letter or digit of ASCII. Texts are stored without U+0000. */
function numbered(point: number): string {
  if (point === 0 || (point >= 0xd800 && point <= 0xdfff)) return '(?!)';
  const character = String.fromCodePoint(point);
  return /^[\w ]$/.test(character) ? character : `\\U${point.toString(16).padStart(8, '0')}`;
}

function refuse(problem: string): never {
  throw new TracestoreError(errorKinds.invalid, `a regular expression ${problem}`);
}
