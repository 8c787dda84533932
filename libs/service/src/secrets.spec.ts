import { expect, it } from 'vitest';
import { noteSecret, withoutSecrets } from './secrets.js';

it.each([
  ['a token', 'token-of-the-console', 'wrong token-of-the-console given', 'wrong *** given'],
  ['a URL', 'postgres://u:hidden-1@db/x', 'cannot use postgres://u:hidden-1@db/x', 'cannot use ***'],
  ['the password of a URL', 'postgres://u:hidden-2@db/x', 'password hidden-2 refused', 'password *** refused'],
  ['an encoded password', 'postgres://u:hidden%403@db/x', 'hidden@3 and hidden%403', '*** and ***'],
  ['a password as a parameter', 'postgres://db/x?password=hidden-4', 'hidden-4 refused', '*** refused'],
  ['what JSON escapes', 'hidden"5\\\n', '{"msg":"hidden\\"5\\\\\\n"}', '{"msg":"***"}'],
])('masks %s', (_, value, text, masked) => {
  noteSecret(value);
  expect(withoutSecrets(text)).toBe(masked);
});

it('leaves words alone that are too short to be secrets', () => {
  noteSecret('postgres://u:abc@db/x?sslmode=disable');
  expect(withoutSecrets('abc disable')).toBe('abc disable');
});
