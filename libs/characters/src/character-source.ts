/** The response of a character service. */
export interface Character {
  readonly char: string;
}

/** Creates the characters of a service. */
export abstract class CharacterSource {
  /**
   * Creates the character for one request.
   *
   * @throws Error if a fault fails the request
   */
  abstract next(): Promise<Character>;
}
