declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  /** Render an OpenAPI document into an element. */
  export default function SwaggerUI(options: {
    readonly domNode: HTMLElement;
    readonly url: string;
    readonly docExpansion: 'list' | 'full' | 'none';
    /** URL of a validator badge; null for none. */
    readonly validatorUrl: string | null;
  }): void;
}
