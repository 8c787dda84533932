/** What a regular expression costs, before it is compiled. */

/** A group that is not closed yet. */
interface Group {
  size: number;
  /** Of what a repetition would repeat. */
  last: number;
}

const repetition = /\{(\d+)(?:,(\d*))?\}/y;
const namedClass = /\[:\^?\w+:\]/y;

/**
 * How many states a program for the expression has, at most and roughly: counted repetitions repeat what they stand
 * behind. `x{1000}` has 1000.
 */
export function regexSize(pattern: string): number {
  const groups: Group[] = [{ size: 0, last: 0 }];
  let at = 0;
  while (at < pattern.length) {
    const group = groups.at(-1) as Group;
    const character = pattern.charAt(at);
    repetition.lastIndex = at;
    const repeated = character === '{' ? repetition.exec(pattern) : null;
    if (repeated !== null) {
      const [all, least = '0', most] = repeated;
      const times = Math.max(1, Number(most === undefined || most === '' ? least : most));
      group.size += group.last * (times - 1);
      group.last *= times;
      at += all.length;
    } else if (character === '(') {
      groups.push({ size: 0, last: 0 });
      at += 1;
    } else if (character === ')' && groups.length > 1) {
      groups.pop();
      add(groups.at(-1) as Group, group.size + 2);
      at += 1;
    } else {
      add(group, 1);
      at = character === '\\' ? at + 2 : character === '[' ? endOfClass(pattern, at) : at + 1;
    }
  }
  // Groups that are not closed are an error that the compiler reports.
  return groups.reduce((size, group) => size + group.size, 0);
}

function add(group: Group, size: number): void {
  group.size += size;
  group.last = size;
}

/** The offset after a class of characters. A `]` that comes first is a character. */
function endOfClass(pattern: string, start: number): number {
  let at = pattern.charAt(start + 1) === '^' ? start + 2 : start + 1;
  const first = at;
  while (at < pattern.length) {
    const character = pattern.charAt(at);
    if (character === ']' && at > first) return at + 1;
    namedClass.lastIndex = at;
    const named = character === '[' ? namedClass.exec(pattern) : null;
    at += named?.[0].length ?? (character === '\\' ? 2 : 1);
  }
  return at;
}
