declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  /** Draws a document's operations into an element. */
  export default function SwaggerUI(options: {
    readonly domNode: HTMLElement;
    readonly url: string;
    readonly docExpansion: 'list' | 'full' | 'none';
    /** Where a badge would come from; null for none. */
    readonly validatorUrl: string | null;
  }): void;
}
