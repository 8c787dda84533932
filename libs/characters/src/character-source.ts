/** What a character service answers with. */
export interface Character {
  readonly char: string;
}

/** Where a service's characters come from. */
export abstract class CharacterSource {
  /**
   * Makes the character for one request.
   *
   * @throws Error where a fault fails the request
   */
  abstract next(): Promise<Character>;
}
