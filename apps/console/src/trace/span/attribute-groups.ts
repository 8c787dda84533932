/** Attributes whose keys begin alike. */
export interface AttributeGroup {
  /** The text before the first dot of the keys; empty for keys that share it with no other key. */
  readonly prefix: string;
  readonly entries: readonly AttributeEntry[];
}

export type AttributeEntry = readonly [key: string, value: unknown];

/** Compare keys by their letters, and numbers in them by value: `item.2` before `item.10`. */
export function compareKeys(left: string, right: string): number {
  const [a, b] = [partsOf(left), partsOf(right)];
  for (let n = 0; n < Math.min(a.length, b.length); n++) {
    const [x = '', y = ''] = [a[n], b[n]];
    const difference = n % 2 === 1 ? compareNumbers(x, y) : compareTexts(x, y);
    if (difference !== 0) return difference;
  }
  return a.length - b.length || compareTexts(left, right);
}

/** The texts and the numbers of a key in turn; the first is a text. */
function partsOf(key: string): readonly string[] {
  return key.split(/(\d+)/);
}

/** Compare digits by value without a limit of their number. */
function compareNumbers(left: string, right: string): number {
  const [a, b] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')];
  return a.length - b.length || compareTexts(a, b);
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Sort attributes and group them by the first part of their keys. Keys that share it with no other key come first, in one
 * group.
 *
 * @param search only attributes whose key or value contains this text, ignoring case
 * @param textOf writes a value as text
 */
export function groupAttributes(
  entries: readonly AttributeEntry[],
  search: string,
  textOf: (value: unknown) => string,
): readonly AttributeGroup[] {
  const wanted = search.trim().toLowerCase();
  const sorted = entries
    .filter(
      ([key, value]) =>
        wanted === '' || key.toLowerCase().includes(wanted) || textOf(value).toLowerCase().includes(wanted),
    )
    .toSorted(([left], [right]) => compareKeys(left, right));
  const byPrefix = Map.groupBy(sorted, ([key]) => prefixOf(key));
  const groups = [...byPrefix].filter(([, own]) => own.length > 1).map(([prefix, own]) => ({ prefix, entries: own }));
  const single = [...byPrefix.values()].filter((own) => own.length === 1).flat();
  return single.length === 0 ? groups : [{ prefix: '', entries: single }, ...groups];
}

function prefixOf(key: string): string {
  const dot = key.indexOf('.');
  return dot <= 0 ? key : key.slice(0, dot);
}
