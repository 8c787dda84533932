const hues = 12;

/** A service has the same colour on every page: a class of styles.css. */
export function serviceColour(service: string): string {
  let hash = 2_166_136_261;
  for (const character of service) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  // Without this, short names that end alike would often share a hue.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= hash >>> 13;
  return `hue-${(hash >>> 0) % hues}`;
}
