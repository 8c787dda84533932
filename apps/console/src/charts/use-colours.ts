import { useEffect, useMemo, useState } from 'react';
import { serviceColour } from '../service-colour.ts';
import './charts.css';

/** Colours of the current theme, in a form that a canvas accepts. */
export interface Colours {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  /** The `color` of a CSS class. @param alpha opacity from 0 to 1 */
  readonly ofClass: (className: string, alpha?: number) => string;
}

/** The colours of the current theme. The component is rendered again when the theme changes. */
export function useColours(): Colours {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const changed = (): void => setVersion((before) => before + 1);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', changed);
    const theme = new MutationObserver(changed);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      scheme.removeEventListener('change', changed);
      theme.disconnect();
    };
  }, []);
  // The theme is an attribute of the document, not state of React. `version` counts its changes.
  return useMemo(() => readColours(version), [version]);
}

function readColours(_version: number): Colours {
  const known = new Map<string, string>();
  const of = (colour: string, className = ''): string => {
    const key = `${className} ${colour}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const probe = document.createElement('i');
    probe.className = className;
    probe.style.backgroundColor = colour;
    document.body.append(probe);
    const { backgroundColor } = getComputedStyle(probe);
    probe.remove();
    known.set(key, backgroundColor);
    return backgroundColor;
  };
  return {
    text: of('var(--text)'),
    quiet: of('var(--quiet)'),
    line: of('var(--line)'),
    ofClass: (className, alpha = 1) =>
      of(`color-mix(in srgb, currentcolor ${Math.round(alpha * 100)}%, transparent)`, className),
  };
}

/** Series with a fixed colour. */
const fixedColours: ReadonlyMap<string, string> = new Map([
  ['failed', 'colour-bad'],
  ['requests', 'colour-accent'],
  ['requests_per_second', 'colour-accent'],
  ['others', 'colour-quiet'],
]);
const hues = 24;

/**
 * The CSS class with the colour of a series: the colour of its service, a fixed colour, or one that differs from those of the
 * previous series.
 *
 * @param index of the series
 * @param services names of services
 */
export function seriesClass(name: string, index: number, services: ReadonlySet<string>): string {
  if (services.has(name)) return serviceColour(name);
  // service-colour.css has two shades per hue, next to each other. Use the first shade of each hue, then the second.
  return fixedColours.get(name) ?? `hue-${(index * 2 + (Math.floor((index * 2) / hues) % 2)) % hues}`;
}
