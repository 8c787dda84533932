import { describe, expect, it } from 'vitest';
import { colourCount, distinctColour, type Oklch, oklchOf, serviceColour } from './service-colour.ts';

const themes = {
  light: { ground: '#ffffff', raised: '#f4f6f8', text: '#17202a' },
  dark: { ground: '#14181d', raised: '#1c2229', text: '#e6ebf0' },
} as const;

/** Names as people give them; some differ in one letter only. */
const services =
  `web api cart checkout payment mail stock catalogue search cache images pricing frontend backend generator
  digit lower special upper importer auth users orders shipping currency ad recommendation quote accounting
  fraud-detection product-catalog gateway-eu gateway-us ledger invoices sessions thumbnailer webhooks scheduler audit`
    .split(/\s+/)
    .concat(Array.from({ length: 20 }, (_, n) => `fleet-${String(n).padStart(2, '0')}`));

type Rgb = readonly [red: number, green: number, blue: number];

/** The linear sRGB of a colour, cut to what a screen shows. */
function linearOf({ lightness, chroma, hue }: Oklch): Rgb {
  const [a, b] = [chroma * Math.cos((hue * Math.PI) / 180), chroma * Math.sin((hue * Math.PI) / 180)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const cut = (value: number): number => Math.min(1, Math.max(0, value));
  return [
    cut(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    cut(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    cut(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

const toLinear = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const toGamma = (value: number): number => (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055);

function linearOfHex(hex: string): Rgb {
  const [red = 0, green = 0, blue = 0] = (hex.match(/[\da-f]{2}/g) ?? []).map((each) =>
    toLinear(Number.parseInt(each, 16) / 255),
  );
  return [red, green, blue];
}

function contrast(one: Rgb, other: Rgb): number {
  const [low = 0, high = 0] = [one, other]
    .map(([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue)
    .toSorted((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Half of each colour, as a browser draws a box of half opacity. */
function mixed(one: Rgb, other: Rgb): Rgb {
  const half = (n: 0 | 1 | 2): number => toLinear((toGamma(one[n]) + toGamma(other[n])) / 2);
  return [half(0), half(1), half(2)];
}

/** The difference that people see: the distance in OKLab, where 0.02 is just noticeable. */
function difference(one: Oklch, other: Oklch): number {
  const lab = ({ lightness, chroma, hue }: Oklch): readonly number[] => [
    lightness,
    chroma * Math.cos((hue * Math.PI) / 180),
    chroma * Math.sin((hue * Math.PI) / 180),
  ];
  const [x, y] = [lab(one), lab(other)];
  return Math.hypot(...x.map((value, n) => value - (y[n] ?? 0)));
}

const numberOf = (name: string): number => Number(serviceColour(name).slice('hue-'.length));

describe('the colour of a service', () => {
  it('is a function of its name only', () => {
    // Fixed values: another one would change the colours of everybody.
    expect(serviceColour('frontend')).toBe(serviceColour('frontend'));
    expect(['frontend', 'backend', 'payment'].map(serviceColour)).toMatchInlineSnapshot(`
      [
        "hue-168",
        "hue-67",
        "hue-30",
      ]
    `);
    const before = services.map(serviceColour);
    for (let n = 0; n < 1_000; n++) serviceColour(`another-${n}`);
    expect(services.map(serviceColour)).toEqual(before);
  });

  it.each(['light', 'dark'] as const)('is shared by few of 60 services in the %s theme', (theme) => {
    expect(services.length).toBe(60);
    const closest = services.map((name) =>
      Math.min(
        ...services.flatMap((other) =>
          other === name ? [] : [difference(oklchOf(numberOf(name), theme), oklchOf(numberOf(other), theme))],
        ),
      ),
    );
    expect(closest.filter((each) => each < 0.001).length).toBeLessThanOrEqual(4);
    // A just noticeable difference is 0.02.
    expect(closest.filter((each) => each >= 0.02).length).toBeGreaterThanOrEqual(48);
    const counts = new Map<number, number>();
    for (const name of services) counts.set(numberOf(name), (counts.get(numberOf(name)) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(2);
  });

  it.each(['light', 'dark'] as const)('has enough contrast in the %s theme', (theme) => {
    const { ground, raised, text } = themes[theme];
    for (let number = 0; number < colourCount; number++) {
      const colour = linearOf(oklchOf(number, theme));
      expect(contrast(colour, linearOfHex(ground)), `${number} on ground`).toBeGreaterThanOrEqual(3);
      expect(contrast(colour, linearOfHex(raised)), `${number} on raised`).toBeGreaterThanOrEqual(3);
      // A flame graph writes names on a tint of half the colour.
      const tint = mixed(colour, linearOfHex(ground));
      expect(contrast(tint, linearOfHex(text)), `text on ${number}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('distinctColour gives the series of a chart clearly different colours', () => {
    const numbers = Array.from({ length: 12 }, (_, n) => Number(distinctColour(n).slice('hue-'.length)));
    for (const theme of ['light', 'dark'] as const) {
      const differences = numbers.flatMap((one, n) =>
        numbers.slice(n + 1).map((other) => difference(oklchOf(one, theme), oklchOf(other, theme))),
      );
      expect(Math.min(...differences)).toBeGreaterThan(0.07);
    }
  });
});
