import { useEffect, useRef } from 'react';
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';
import './api-docs-page.css';

/** The API as its OpenAPI document describes it, to be read and tried out. */
export function ApiDocsPage() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    document.title = 'API · Spandrel';
    if (place.current === null) return;
    SwaggerUI({ domNode: place.current, url: '/openapi.json', docExpansion: 'list', validatorUrl: null });
  }, []);
  return (
    <div className="api-docs">
      <div ref={place} />
    </div>
  );
}
