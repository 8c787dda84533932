/** A piece of formatted code. */
export interface Token {
  readonly text: string;
  readonly kind: 'plain' | 'keyword' | 'string' | 'number' | 'name' | 'comment';
}

/** Longer texts are shown as they are. */
export const maxFormattedLength = 50_000;
