import './service-colour.css';

/** The number of classes in service-colour.css. */
const hues = 24;
const key = 'spandrel-service-hues';
/** The oldest entries are dropped, so that the storage stays bounded. */
const maxRemembered = 500;

const hueOf = new Map(remembered());
let savingLater = false;

/**
 * The class of service-colour.css for a service. A service has the same colour on every page of this browser. Its name is
 * hashed to a colour; if that colour is taken, the next free one is used. Up to 24 services have different colours.
 */
export function serviceColour(service: string): string {
  return `hue-${hueOf.get(service) ?? assignHue(service)}`;
}

function assignHue(service: string): number {
  const uses = new Uint32Array(hues);
  for (const hue of hueOf.values()) uses[hue] = (uses[hue] ?? 0) + 1;
  const minUses = Math.min(...uses);
  let hue = hash(service) % hues;
  while ((uses[hue] ?? 0) > minUses) hue = (hue + 1) % hues;
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
  // Mix the bits: short names with the same ending would otherwise often share a hue.
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

function save(): void {
  savingLater = false;
  try {
    localStorage.setItem(key, JSON.stringify([...hueOf].slice(-maxRemembered)));
  } catch {
    // Without storage the colours last until the page is reloaded.
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
