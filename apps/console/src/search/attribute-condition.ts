/** Write a condition `key=value`. A key with operator characters is quoted. */
export function attributeCondition(key: string, value: string): string {
  return `${quotedKey(key)}=${value}`;
}

export function quotedKey(key: string): string {
  return /^[^\s=!<>~"]+$/.test(key) ? key : `"${key.replaceAll(/["\\]/g, '\\$&')}"`;
}

const operators = /!=|>=|<=|=|>|<|~/;

/** Split a condition at its operator, for completion; undefined while there is only a key. */
export function conditionParts(
  condition: string,
): { readonly key: string; readonly operator: string; readonly value: string } | undefined {
  const quoted = /^\s*"((?:[^"\\]|\\.)*)"/.exec(condition);
  const rest = quoted === null ? condition : condition.slice(quoted[0].length);
  const operator = operators.exec(rest);
  if (operator === null) return undefined;
  return {
    key: quoted?.[1] === undefined ? rest.slice(0, operator.index).trim() : quoted[1].replaceAll(/\\(.)/g, '$1'),
    operator: operator[0],
    value: rest.slice(operator.index + operator[0].length).trimStart(),
  };
}
