/**
 * Values that must not be in a log line or a message. What is parsed as a secret is noted here, and everything that a
 * service writes is searched for it, since an error of a library may quote what it was given.
 */
const values = new Set<string>();

/** Below that, a value is likely a word that says other things, too. */
const minLength = 6;

/**
 * Notes a secret, and of a URL the password in it.
 *
 * @param value as it is in the environment
 */
export function noteSecret(value: string): void {
  for (const part of [value, ...passwordsOf(value)]) {
    for (const form of [part, decoded(part)]) {
      if (form.length < minLength) continue;
      values.add(form);
      // As it is within a JSON text.
      values.add(JSON.stringify(form).slice(1, -1));
    }
  }
}

/** @returns the text with `***` in the place of every secret that was noted */
export function withoutSecrets(text: string): string {
  let masked = text;
  for (const value of values) masked = masked.replaceAll(value, '***');
  return masked;
}

/** Of a database's URL, where the password may be a parameter, too. */
function passwordsOf(value: string): readonly string[] {
  if (!URL.canParse(value)) return [];
  const { password, searchParams } = new URL(value);
  return [password, ...['password', 'sslpassword'].map((name) => searchParams.get(name) ?? '')];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
