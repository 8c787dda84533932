import './service-colour.css';

/** As many classes has service-colour.css. */
const hues = 24;
const key = 'spandrel-service-hues';
/** More are forgotten in the order they came, so that nothing grows without end. */
const maxRemembered = 500;

const hueOf = new Map(remembered());
let savingLater = false;

/**
 * The class of service-colour.css that gives `color` to what stands for a service. A service has one colour on every page
 * of this browser: by its name, or where that colour is taken, the next that is free. Up to 24 services differ.
 */
export function serviceColour(service: string): string {
  return `hue-${hueOf.get(service) ?? choose(service)}`;
}

function choose(service: string): number {
  const uses = new Uint32Array(hues);
  for (const hue of hueOf.values()) uses[hue] = (uses[hue] ?? 0) + 1;
  const least = Math.min(...uses);
  let hue = hash(service) % hues;
  while ((uses[hue] ?? 0) > least) hue = (hue + 1) % hues;
  hueOf.set(service, hue);
  if (!savingLater) {
    savingLater = true;
    setTimeout(save);
  }
  return hue;
}

function hash(text: string): number {
  let value = 2_166_136_261;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16_777_619);
  // Without this, short names that end alike would often share a hue.
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

function save(): void {
  savingLater = false;
  try {
    localStorage.setItem(key, JSON.stringify([...hueOf].slice(-maxRemembered)));
  } catch {
    // Colours then last as long as the page.
  }
}

function remembered(): readonly (readonly [string, number])[] {
  try {
    const saved: unknown = JSON.parse(globalThis.localStorage.getItem(key) ?? '[]');
    return Array.isArray(saved) ? saved.filter(isChoice) : [];
  } catch {
    return [];
  }
}

function isChoice(value: unknown): value is readonly [string, number] {
  return (
    Array.isArray(value) &&
    typeof value[0] === 'string' &&
    Number.isInteger(value[1]) &&
    (value[1] as number) >= 0 &&
    (value[1] as number) < hues
  );
}
