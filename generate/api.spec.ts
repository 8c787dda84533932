import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createService, openApiDocumentOf } from '@spandrel/service';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { readTracestoreConfig } from '../apps/tracestore/src/config/tracestore.config.ts';
import { TracestoreModule } from '../apps/tracestore/src/tracestore.module.ts';
import { apiPage } from './api.ts';

const root = path.dirname(import.meta.dirname);
const page = path.join(root, 'docs/api.md');
const service = { name: 'tracestore', description: 'Receives traces over OTLP and stores them in PostgreSQL' };

/** The comments of the methods of all controllers, by operationId: `<class>_<method>`. */
const summaries = new Map<string, string>(
  globSync('apps/tracestore/src/**/*.controller.ts', { cwd: root }).flatMap((file) => {
    const source = ts.createSourceFile(file, readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
    return source.statements
      .filter(ts.isClassDeclaration)
      .flatMap((controller) =>
        controller.members
          .filter(ts.isMethodDeclaration)
          .map((method) => [`${controller.name?.text}_${method.name.getText()}`, summaryOf(method)] as const),
      );
  }),
);

function summaryOf(method: ts.MethodDeclaration): string {
  const comment = ts.getJSDocCommentsAndTags(method).findLast((node) => ts.isJSDoc(node))?.comment;
  return (ts.getTextOfJSDocComment(comment) ?? '').replaceAll(/\s+/g, ' ');
}

it('docs/api.md lists every operation below /api, with the comment of its method', async () => {
  // Nothing listens, and nothing connects to this database.
  const config = readTracestoreConfig({ TRACESTORE_DATABASE_URL: 'postgres://tracestore@127.0.0.1:1/postgres' });
  const app = await createService({
    ...service,
    module: TracestoreModule.forRoot(config),
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', SHUTDOWN_DELAY_MS: 0 },
  });
  const document = openApiDocumentOf(app, service);
  const operations = Object.entries(document.paths)
    .filter(([route]) => route.startsWith('/api/'))
    .flatMap(([, methods]) => Object.values(methods as Record<string, { readonly operationId: string }>));
  expect(operations.map(({ operationId }) => operationId).filter((id) => !summaries.get(id))).toEqual([]);
  const content = apiPage(document, (id) => summaries.get(id) ?? '');
  const formatted = await format(content, { ...(await resolveConfig(page)), filepath: page });
  await expect(formatted).toMatchFileSnapshot(page);
});
