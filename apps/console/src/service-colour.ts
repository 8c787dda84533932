/** A colour in OKLCH: lightness and chroma from 0 to 1, hue in degrees. */
export interface Oklch {
  readonly lightness: number;
  readonly chroma: number;
  readonly hue: number;
}

/** Hues go from orange over green and blue to pink, without the red of errors. */
const firstHue = 42;
const hueRange = 330;

/**
 * The number of hues, and lightness and chroma in both themes. A shade of less chroma has fewer hues that differ. The contrast
 * with the background is at least 3:1, and that of text on a tint at least 4.5:1.
 */
const shades = [
  { hues: 66, light: [0.465, 0.15], dark: [0.715, 0.15] },
  { hues: 66, light: [0.54, 0.16], dark: [0.65, 0.16] },
  { hues: 66, light: [0.605, 0.16], dark: [0.585, 0.16] },
  { hues: 66, light: [0.39, 0.13], dark: [0.78, 0.13] },
  { hues: 44, light: [0.42, 0.08], dark: [0.78, 0.07] },
  { hues: 44, light: [0.52, 0.08], dark: [0.695, 0.08] },
  { hues: 44, light: [0.6, 0.08], dark: [0.61, 0.08] },
  { hues: 11, light: [0.47, 0.02], dark: [0.75, 0.02] },
  { hues: 11, light: [0.57, 0.02], dark: [0.62, 0.02] },
] as const;

/** The number of colours. */
export const colourCount = shades.reduce((sum, { hues }) => sum + hues, 0);

/**
 * The CSS class that sets `color` for a service, or for another name such as that of an operation in a chart. The colour is a
 * hash of the name, so it is the same on every page and for every user.
 */
export function serviceColour(name: string): string {
  return classOf(hash(name) % colourCount);
}

/** The CSS class of one of several series that have no name to remember. Neighbours differ clearly. */
export function distinctColour(index: number): string {
  // 25 of 66 steps are close to the golden section of the circle, so each hue is far from those before it.
  const { hues } = shades[0];
  return classOf((index % 3) * hues + ((index * 25) % hues));
}

/** A colour of the palette in a theme. @param number from 0 to below `colourCount` */
export function oklchOf(number: number, theme: 'light' | 'dark'): Oklch {
  let at = number;
  for (const shade of shades) {
    if (at < shade.hues) {
      const [lightness, chroma] = shade[theme];
      return { lightness, chroma, hue: (firstHue + (at * hueRange) / shade.hues) % 360 };
    }
    at -= shade.hues;
  }
  throw new RangeError(`The number of a colour must be from 0 to ${colourCount - 1}, got ${number}`);
}

/** The rules of the classes that were used so far. All of them would be a large part of the first load. */
const sheet = typeof document === 'undefined' ? undefined : new CSSStyleSheet();
if (sheet !== undefined) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
const used = new Set<number>();

function classOf(number: number): string {
  if (!used.has(number)) {
    used.add(number);
    sheet?.insertRule(`.hue-${number} { color: light-dark(${cssOf(number, 'light')}, ${cssOf(number, 'dark')}) }`);
  }
  return `hue-${number}`;
}

function cssOf(number: number, theme: 'light' | 'dark'): string {
  const { lightness, chroma, hue } = oklchOf(number, theme);
  return `oklch(${lightness} ${chroma} ${hue})`;
}

/** With this start value the services of the demo differ clearly. Another one would change all colours. */
const hashStart = 6_095;

/** FNV-1a of the characters, with the final mixing of MurmurHash3: similar names have unrelated colours. */
function hash(text: string): number {
  let value = hashStart;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16_777_619);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
