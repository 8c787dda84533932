import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeDatabaseUrl } from './database-url.js';

const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;

/** AuthenticationOk, and ReadyForQuery in no transaction. */
const authenticated = Buffer.from('5200000008000000005a0000000549', 'hex');

describe.skipIf(!hasOpenssl)('a database with a certificate of a private authority (requires openssl)', () => {
  let folder: string;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'spandrel-tls-'));
    issueCertificates(folder);
    const secureContext = createSecureContext({
      key: readFileSync(path.join(folder, 'server.key')),
      cert: readFileSync(path.join(folder, 'server.crt')),
    });
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      // The request for TLS, which a client without TLS does not send.
      socket.once('data', () => {
        socket.write('S');
        const encrypted = new TLSSocket(socket, { isServer: true, secureContext });
        encrypted.on('error', () => undefined);
        encrypted.once('data', () => encrypted.write(authenticated));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `postgres://app@localhost:${(server.address() as AddressInfo).port}/x`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['require', undefined, 'connected'],
    ['no-verify', 'other.crt', 'connected'],
    ['require', 'ca.crt', 'connected'],
    ['require', 'other.crt', 'unable to verify the first certificate'],
    ['verify-ca', 'ca.crt', 'connected'],
    ['verify-full', 'ca.crt', "Hostname/IP does not match certificate's altnames"],
    ['verify-full', undefined, 'unable to verify the first certificate'],
  ] as const)('with the mode %s and the authorities %s: %s', async (mode, authorities, expected) => {
    const PGSSLROOTCERT = authorities && path.join(folder, authorities);
    const client = new pg.Client(completeDatabaseUrl(url, { PGSSLMODE: mode, PGSSLROOTCERT }));
    client.on('error', () => undefined);
    const result = await client.connect().then(
      () => 'connected',
      (error: unknown) => String(error),
    );
    (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream.destroy();
    expect(result).toContain(expected);
  });
});

/** An authority, another one, and a certificate for a host that is not localhost. */
function issueCertificates(folder: string): void {
  const openssl = (...options: readonly string[]): void => {
    execFileSync('openssl', options, { cwd: folder, stdio: 'ignore' });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const name of ['ca', 'other']) {
    openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`);
  }
  const names = ['-subj', '/CN=db.example.com', '-addext', 'subjectAltName=DNS:db.example.com'];
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', ...names);
  const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
  openssl('x509', '-req', '-in', 'server.csr', ...authority, '-out', 'server.crt');
}
