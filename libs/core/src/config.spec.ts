import { expect, it } from '@jest/globals';
import { Config, ConfigError } from './config.js';

/** What a start with these variables says. */
function faultsOf(env: NodeJS.ProcessEnv): string {
  try {
    return String(new Config({ JWT_SECRET: 'x'.repeat(32), ...env }).jobs);
  } catch (error) {
    return (error as ConfigError).message;
  }
}

it.each([
  ['PORT', '70000'],
  ['ACCESS_TOKEN_TTL', '10'],
  ['REFRESH_TOKEN_TTL', '999999999d'],
  ['SESSION_IDLE_TTL', '36501d'],
  ['CORS_ORIGINS', 'https://app.example.com/'],
  ['CORS_ORIGINS', 'https://ok.example.com,app.example.com'],
  ['CORS_ORIGINS', '*'],
  ['CORS_ORIGINS', 'https://App.example.com'],
  ['CORS_ORIGINS', 'https://app.example.com:443'],
  ['MAIL_FROM', 'nobody'],
  ['MAIL_FROM', 'A <a@b>, B <b@c>'],
  ['ANONYMIZED_EMAIL_DOMAIN', '@example.com'],
  ['ANONYMIZED_EMAIL_DOMAIN', 'localhost'],
  ['TRUST_PROXY', '10.0.0.0/33'],
  ['SMTP_URL', 'mail.example.com'],
  ['SMTP_URL', 'smtp:'],
  ['SMTP_URL', 'smtp://'],
  ['SMTP_URL', 'smtp://?pool=true'],
  ['SMTP_URL', 'smtp:mail.example.com'],
  ['SMTP_URL', ' smtp://mail.example.com'],
  ['PUBLIC_URL', 'https://'],
  ['PUBLIC_URL', 'http:time.example.com'],
  ['PUBLIC_URL', 'https:///time.example.com'],
  ['PUBLIC_URL', ' https://time.example.com'],
  ['PUBLIC_URL', 'https://time.example.com\n'],
  ['PUBLIC_URL', 'https://time.example.com/?a=1'],
  ['PUBLIC_URL', 'https://time.example.com/?'],
  ['PUBLIC_URL', 'https://time.example.com/#f'],
  ['PUBLIC_URL', 'https://u:p@time.example.com'],
  ['PUBLIC_URL', 'https://:p@time.example.com'],
  ['DB_HOST', ' '],
  ['DB_HOST', 'db.example.com '],
])('%s is not %s', (name, value) => {
  const database = name === 'DB_HOST' ? { DB_DATABASE: 'ncy8', DB_USERNAME: 'ncy8' } : {};
  expect(faultsOf({ [name]: value, ...database })).toMatch(new RegExp(`^${name} .*: set .+$`));
});

it.each([
  ['REFRESH_TOKEN_TTL', '36500d'],
  ['CORS_ORIGINS', 'https://app.example.com, http://localhost:5173,http://[::1]:8080, capacitor://localhost'],
  ['MAIL_FROM', 'no-reply@example.com'],
  ['MAIL_FROM', 'Zeit & Lohn <no-reply@example.com>'],
  ['MAIL_FROM', '"Lohn, Zeit" <no-reply@localhost>'],
  ['ANONYMIZED_EMAIL_DOMAIN', 'erased.example.co.uk'],
  ['SMTP_URL', 'smtps://user:p%40ss@mail.example.com:465/?pool=true'],
  ['PUBLIC_URL', 'https://example.com:8443/time/'],
  ['PUBLIC_URL', 'http://[::1]:3000'],
])('%s may be %s', (name, value) => {
  expect(faultsOf({ [name]: value })).toBe('true');
});

it('tells all that is wrong, a line a variable', () => {
  expect(faultsOf({ PORT: 'x', JOBS: 'perhaps', DB_HOST: 'db' }).split('\n')).toHaveLength(4);
});
