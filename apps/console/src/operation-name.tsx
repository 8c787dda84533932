/** The name of an operation as plain text. OTLP allows an empty name. */
export function operationText(name: string): string {
  return isBlank(name) ? '(no name)' : name;
}

/** OTLP allows a name without visible characters, too. */
function isBlank(name: string): boolean {
  return name.trim() === '';
}

/** The name of an operation. An empty name is shown as such. */
export function OperationName({ name }: { readonly name: string }) {
  return isBlank(name) ? <i className="quiet">(no name)</i> : <bdi>{name}</bdi>;
}
