/** The name of an operation as plain text. OTLP allows an empty name. */
export function operationText(name: string): string {
  return name === '' ? '(no name)' : name;
}

/** The name of an operation. An empty name is shown as such. */
export function OperationName({ name }: { readonly name: string }) {
  return name === '' ? <i className="quiet">(no name)</i> : <bdi>{name}</bdi>;
}
