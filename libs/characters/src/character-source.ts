/** The response of a character service. */
export interface Character {
  readonly char: string;
}

/** Produces the characters of a service. */
export abstract class CharacterSource {
  /**
   * Returns the character for one request.
   *
   * @throws Error when an injected fault fails the request
   */
  abstract next(): Promise<Character>;
}
