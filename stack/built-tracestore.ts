/**
 * Imports a module of the built tracestore, by its path below `src`. It runs as it was built, since a class with
 * decorators cannot be run from its source; its type comes from the source, so that nothing has to be built for a type
 * check.
 */
export async function importBuilt<Module>(module: string): Promise<Module> {
  return (await import(new URL(`../dist/apps/tracestore/${module}.js`, import.meta.url).href)) as Module;
}
