import { useEffect, useMemo, useState } from 'react';
import { distinctColour, serviceColour } from '../service-colour.ts';
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

/**
 * The CSS class with the colour of a series: that of a service or an operation, a fixed colour, or one that differs from those
 * of the other series. The colour of a service and of an operation is a hash of its name, the same in every chart.
 *
 * @param name such as `web`, `web GET /` (an operation) or `p95`
 * @param index of the series
 * @param services names of services
 */
export function seriesClass(name: string, index: number, services: ReadonlySet<string>): string {
  if (services.has(name) || isOperation(name, services)) return serviceColour(name);
  return fixedColours.get(name) ?? distinctColour(index);
}

/** Whether a series is an operation: its name begins with a service and a blank. Both can contain blanks. */
function isOperation(name: string, services: ReadonlySet<string>): boolean {
  for (let at = name.indexOf(' '); at >= 0; at = name.indexOf(' ', at + 1)) {
    if (services.has(name.slice(0, at))) return true;
  }
  return false;
}
