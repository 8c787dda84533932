/**
 * Imports a module of the built tracestore by its path below `src`, because Node cannot run the decorators of its sources.
 * The type comes from the source, so a type check needs no build.
 */
export async function importBuilt<Module>(module: string): Promise<Module> {
  return (await import(new URL(`../../../dist/apps/tracestore/${module}.js`, import.meta.url).href)) as Module;
}
