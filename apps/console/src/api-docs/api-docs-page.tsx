import { useEffect, useRef } from 'react';
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';
import './api-docs-page.css';

/** The API reference, rendered by Swagger UI from the OpenAPI document. */
export function ApiDocsPage() {
  const container = useRef<HTMLDivElement>(null);
  useEffect(() => {
    document.title = 'API · Spandrel';
    if (container.current === null) return;
    SwaggerUI({ domNode: container.current, url: '/openapi.json', docExpansion: 'list', validatorUrl: null });
  }, []);
  return (
    <div className="api-docs">
      <div ref={container} />
    </div>
  );
}
