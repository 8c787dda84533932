import { serviceColour } from '../service-colour.ts';

/** What a class makes of `color`, in the theme of now, for a canvas. @param beside what the class is to be seen from */
export function colourOf(beside: HTMLElement, className: string): string {
  const probe = document.createElement('i');
  probe.className = className;
  beside.after(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Calls back whenever a canvas has to be drawn again: another size, another theme. @returns how to end that */
export function onAppearance(canvas: HTMLCanvasElement, redraw: () => void): () => void {
  const resized = new ResizeObserver(redraw);
  resized.observe(canvas);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', redraw);
  const theme = new MutationObserver(redraw);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => {
    resized.disconnect();
    scheme.removeEventListener('change', redraw);
    theme.disconnect();
  };
}

/** The colours of operations, by the services that have them. */
export function coloursOf(
  canvas: HTMLCanvasElement,
  operations: readonly (readonly [service: string, name: string, kind: number])[],
): readonly string[] {
  const known = new Map<string, string>();
  return operations.map(([service]) => {
    const colour = known.get(service) ?? colourOf(canvas, serviceColour(service));
    known.set(service, colour);
    return colour;
  });
}
