// Fills the Secrets of a release: it generates missing passwords, and composes the data sources of an external Grafana. It
// never changes a password that exists. A Job runs it in the image of tracestore with a token for these Secrets only.
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const { KUBERNETES_API_URL, NAMESPACE, PLAN_FILE, TOKEN_FILE } = process.env;
const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const mostTries = 5;

/**
 * `generate` has, for each Secret, the length of each password by its key. `compose` has, for each Secret, a document by its
 * key, in which `{"fromSecret": {"name", "key"}}` stands for a value of another Secret.
 */
const { generate, compose } = JSON.parse(readFileSync(PLAN_FILE, 'utf8'));

for (const [name, lengths] of Object.entries(generate)) {
  await complete(name, (data) =>
    Object.entries(lengths)
      .filter(([key]) => !data[key])
      .map(([key, length]) => [key, generatePassword(length)]),
  );
}
for (const [name, documents] of Object.entries(compose)) {
  const texts = await Promise.all(
    Object.entries(documents).map(async ([key, document]) => [key, JSON.stringify(await withSecrets(document))]),
  );
  await complete(name, (data) => texts.filter(([key, text]) => decode(data[key]) !== text));
}

/** Adds the entries that `missing` returns for the data of a Secret. Another writer's change makes it try again. */
async function complete(name, missing) {
  for (let attempt = 1; ; attempt += 1) {
    const { metadata, data } = await readSecret(name);
    const entries = missing(data ?? {});
    if (entries.length === 0) return console.log(`Secret ${name} is complete`);
    const patch = {
      metadata: { resourceVersion: metadata.resourceVersion },
      data: Object.fromEntries(entries.map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
    };
    const response = await request('PATCH', name, JSON.stringify(patch));
    if (response.ok) return console.log(`Secret ${name} has new values of ${entries.map(([key]) => key).join(', ')}`);
    if (response.status !== 409 || attempt === mostTries)
      throw await failure(`Secret ${name} was not changed`, response);
    await sleep(200 * attempt);
  }
}

/** The document with the values of the Secrets that it names. Grafana replaces `$NAME` in it, so `$` is written as `$$`. */
async function withSecrets(node) {
  if (typeof node !== 'object' || node === null) return node;
  if (node.fromSecret !== undefined) return (await readValue(node)).replaceAll('$', '$$$$');
  if (Array.isArray(node)) return Promise.all(node.map(withSecrets));
  const entries = Object.entries(node).map(async ([key, value]) => [key, await withSecrets(value)]);
  return Object.fromEntries(await Promise.all(entries));
}

async function readValue({ prefix = '', fromSecret: { name, key } }) {
  const { data } = await readSecret(name);
  if (!data?.[key]) throw new Error(`Secret ${name} has no value for the key ${key}`);
  return prefix + decode(data[key]);
}

async function readSecret(name) {
  const response = await request('GET', name);
  if (response.status === 404) throw new Error(`Secret ${name} does not exist in the namespace ${NAMESPACE}`);
  if (!response.ok) throw await failure(`Secret ${name} was not read`, response);
  return response.json();
}

function request(method, name, body) {
  return fetch(`${KUBERNETES_API_URL}/api/v1/namespaces/${NAMESPACE}/secrets/${name}`, {
    method,
    headers: {
      authorization: `Bearer ${readFileSync(TOKEN_FILE, 'utf8').trim()}`,
      accept: 'application/json',
      'content-type': 'application/merge-patch+json',
    },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(30_000),
  });
}

/** The response of the API names the object and the missing right, and no value of a Secret. */
async function failure(what, response) {
  const { message } = await response.json().catch(() => ({}));
  return new Error(`${what}: ${response.status} ${message ?? ''}`);
}

function generatePassword(length) {
  return Array.from({ length }, () => characters[randomInt(characters.length)]).join('');
}

function decode(base64) {
  return base64 && Buffer.from(base64, 'base64').toString();
}
