import { useEffect, useMemo, useState } from 'react';
import { serviceColour } from '../service-colour.ts';
import './charts.css';

/** Colours of the theme of now, as a canvas takes them. */
export interface Colours {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  /** What a class makes of `color`. @param alpha how much of it, 0 to 1 */
  readonly ofClass: (className: string, alpha?: number) => string;
}

/** The colours of the theme, again whenever it changes. */
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
  // Which theme it is stands in the document, and not in what React knows.
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

/** What has a meaning of its own has a colour of its own. */
const meanings: ReadonlyMap<string, string> = new Map([
  ['failed', 'colour-bad'],
  ['requests', 'colour-accent'],
  ['requests_per_second', 'colour-accent'],
  ['others', 'colour-quiet'],
]);
const hues = 24;

/**
 * The class that gives a series its colour: of what it means, of the service that it is of, or one that is unlike those of
 * the series before it.
 *
 * @param index of the series
 * @param services which names are those of services
 */
export function seriesClass(name: string, index: number, services: ReadonlySet<string>): string {
  if (services.has(name)) return serviceColour(name);
  // Of the two shades of a hue, which are neighbours in service-colour.css, first one of each.
  return meanings.get(name) ?? `hue-${(index * 2 + (Math.floor((index * 2) / hues) % 2)) % hues}`;
}
