import { serviceColour } from '../service-colour.ts';

/** The `color` of a CSS class in the current theme, for a canvas. @param beside an element next to which the class applies */
export function colourOf(beside: HTMLElement, className: string): string {
  const probe = document.createElement('i');
  probe.className = className;
  beside.after(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Call back when a canvas needs to be redrawn because its size or the theme changed. @returns a function that stops this */
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

/** The colours of operations, which are those of their services. */
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
