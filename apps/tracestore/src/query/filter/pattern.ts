import { limits } from '../../limits.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';

/** Enough for an expression written by hand. Each repetition costs the server memory. */
const maxRepetitions = 255;

/** Escapes that stand for a set of characters. They are ASCII only, whatever the locale of the database. */
const classes: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: '\\t\\n\\f\\r ',
};

const controls: Readonly<Record<string, string>> = { t: '\t', n: '\n', f: '\f', r: '\r', v: '\v', a: '\x07' };

/**
 * Translate a regular expression for PostgreSQL's operator `~`. The syntax is what RE2 and most engines have in common:
 *
 * - plain characters, `.` (all but the end of a line), sets, groups, `|` and `* + ? {m,n}`
 * - the escapes \d \w \s \D \W \S \t \n \f \r \v \a \xHH, and those of punctuation
 *
 * An expression matches anywhere in the text, and case matters. Anchors, word boundaries, lazy repetition, flags, named groups and
 * classes of Unicode are refused, because engines disagree about them.
 *
 * An expression has no back-references, so the time to match it grows only with the text. The time and memory to compile it
 * grow with its size once repetitions are written out, and faster with its optional parts. Both are bounded
 * (`limits.patternCharacters`, `limits.patternOptionals`).
 *
 * @param path of the expression in the query, for the message
 * @throws TracestoreError `invalid` with the path and the reason
 */
export function patternOf(source: string, path: string): string {
  // One character takes at most ten characters to write.
  const maxLength = limits.patternCharacters.value * 10;
  if (source.length > maxLength) {
    throw new TracestoreError(errorKinds.invalid, `${path} is longer than ${maxLength} characters`);
  }
  return new Translator(source, path).translate();
}

/** A part of an expression. */
interface Part {
  readonly text: string;
  /** How many characters it matches at most, with counted repetitions written out. */
  readonly characters: number;
  /** How many optional parts it has, with counted repetitions written out. */
  readonly optionals: number;
}

class Translator {
  private at = 0;

  constructor(
    private readonly source: string,
    private readonly path: string,
  ) {}

  translate(): string {
    const { text } = this.alternatives(0);
    if (this.at < this.source.length) this.refuse('has a ) without its (');
    // Selects the syntax, whatever the expression begins with.
    return `***:(?:${text})`;
  }

  private alternatives(depth: number): Part {
    if (depth > 30) this.refuse('is nested too deeply');
    let text = '';
    let characters = 0;
    let optionals = 0;
    for (;;) {
      const character = this.peek();
      if (character === '' || character === ')') return { text, characters, optionals };
      if (character === '|') {
        this.at += 1;
        text += '|';
      } else {
        const part = this.repeated(depth);
        text += part.text;
        characters += part.characters;
        optionals += part.optionals;
        if (characters > limits.patternCharacters.value) {
          this.refuse(`has more than ${limits.patternCharacters.value} characters, repetitions written out,`);
        }
        if (optionals > limits.patternOptionals.value) {
          this.refuse(`has more than ${limits.patternOptionals.value} optional parts, repetitions written out,`);
        }
      }
    }
  }

  private repeated(depth: number): Part {
    const atom = this.atom(depth);
    const repetition = this.repetition();
    if (repetition === undefined) return atom;
    if (this.peek() === '?') this.refuse('has a lazy repetition');
    if (this.repetition() !== undefined) this.refuse('repeats a repetition');
    const { text, least, times } = repetition;
    return {
      text: `${atom.text}${text}`,
      characters: atom.characters * times,
      optionals: atom.optionals * times + (least === 0 ? 1 : 0),
    };
  }

  /** @returns undefined when no repetition follows; `times` is how often its part is written out */
  private repetition(): { readonly text: string; readonly least: number; readonly times: number } | undefined {
    const character = this.peek();
    if (character === '*' || character === '+' || character === '?') {
      this.at += 1;
      return { text: character, least: character === '+' ? 1 : 0, times: 1 };
    }
    const counted = /^\{(\d{1,5})(?:(,)(\d{0,5}))?\}/.exec(this.source.slice(this.at, this.at + 14));
    if (counted === null) return undefined;
    const [whole, least = '', , most = ''] = counted;
    if (Math.max(Number(least), Number(most)) > maxRepetitions)
      this.refuse(`repeats more than ${maxRepetitions} times`);
    if (most !== '' && Number(most) < Number(least)) this.refuse('has a repetition with its ends in the wrong order');
    this.at += whole.length;
    return { text: whole, least: Number(least), times: Math.max(Number(least), Number(most), 1) };
  }

  private atom(depth: number): Part {
    const character = this.take();
    switch (character) {
      case '(': {
        if (this.peek() === '?') {
          if (!this.source.startsWith('?:', this.at)) this.refuse('has a group with a name or flags');
          this.at += 2;
        }
        const inside = this.alternatives(depth + 1);
        if (this.take() !== ')') this.refuse('has a ( without its )');
        return { ...inside, text: `(?:${inside.text})` };
      }
      case '[':
        return one(this.set());
      case '\\':
        return one(this.escape());
      case '.':
        return one('[^\\n]');
      case '^':
      case '$':
        return this.refuse('has an anchor');
      case '*':
      case '+':
      case '?':
        return this.refuse('repeats nothing');
      default:
        return one(quoted(character));
    }
  }

  private escape(): string {
    const character = this.take();
    const set = classes[character.toLowerCase()];
    if (set !== undefined) return character === character.toLowerCase() ? `[${set}]` : `[^${set}]`;
    return quoted(this.escaped(character));
  }

  /** The character that an escape stands for, if it does not stand for a set. */
  private escaped(character: string): string {
    if (/^[!-/:-@[-`{-~]$/.test(character)) return character;
    const control = controls[character];
    if (control !== undefined) return control;
    if (character === 'x') {
      const code = /^(?:\{([\da-f]{1,6})\}|([\da-f]{2}))/i.exec(this.source.slice(this.at, this.at + 8));
      const point = Number.parseInt(code?.[1] ?? code?.[2] ?? '', 16);
      // PostgreSQL cannot hold U+0000, and half a surrogate pair is not a character.
      if (code !== null && point > 0 && point <= 0x10_ffff && !(point >= 0xd800 && point <= 0xdfff)) {
        this.at += code[0].length;
        return String.fromCodePoint(point);
      }
    }
    return this.refuse('has an unknown escape');
  }

  private set(): string {
    let text = '[';
    if (this.peek() === '^') {
      this.at += 1;
      text += '^';
    }
    for (let first = true; ; first = false) {
      const character = this.take();
      if (character === '') this.refuse('has a [ without its ]');
      if (character === ']' && !first) return `${text}]`;
      if (character === '[' && /^[:.=]/.test(this.peek())) this.refuse('has a named class in a set');
      let low = character;
      if (character === '\\') {
        const escape = this.take();
        const inside = classes[escape];
        if (inside !== undefined) {
          text += inside;
          continue;
        }
        if (/^[DWS]$/.test(escape)) this.refuse('has a negated class in a set');
        low = this.escaped(escape);
      }
      text += quoted(low);
      if (this.peek() !== '-' || this.source[this.at + 1] === ']' || this.at + 1 >= this.source.length) continue;
      this.at += 1;
      let high = this.take();
      if (high === '[') this.refuse('has a named class in a set');
      if (high === '\\') high = this.escaped(this.take());
      if ((high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0))
        this.refuse('has a range with its ends in the wrong order');
      text += `-${quoted(high)}`;
    }
  }

  private peek(): string {
    const point = this.source.codePointAt(this.at);
    return point === undefined ? '' : String.fromCodePoint(point);
  }

  private take(): string {
    const character = this.peek();
    this.at += character.length;
    return character;
  }

  private refuse(problem: string): never {
    throw new TracestoreError(errorKinds.invalid, `${this.path} ${problem} at character ${this.at}`);
  }
}

/** A part that matches one character. */
function one(text: string): Part {
  return { text, characters: 1, optionals: 0 };
}

/** Write a character so that it has no other meaning: by its number, unless it is a letter, a digit, _ or a blank. */
function quoted(character: string): string {
  return /^[\p{L}\p{N} _]$/u.test(character) ? character : numbered(character);
}

function numbered(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  // Texts are stored without U+0000.
  if (point === 0) return '\\uFFFD';
  return `\\U${point.toString(16).padStart(8, '0')}`;
}
