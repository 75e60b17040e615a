import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { clock } from '#core';
import { Client } from '../../../../test/client.js';
import type { Company, Person } from '../../../../test/factories.js';
import { startTestServer } from '../../../../test/server.js';
import type { TestServer } from '../../../../test/server.js';
import { ProvenTokens } from './proven-tokens.js';
import { keyId, Tokens } from './tokens.js';
import type { AccessClaims } from './tokens.js';

const MINUTE = 60_000;

let server: TestServer;
let company: Company;
let person: Person;
let secret: string;

beforeAll(async () => {
  server = await startTestServer();
  company = await server.company();
  person = await company.person();
  secret = server.config.jwtSecrets[0]!;
});
afterAll(() => server.stop());
afterEach(() => clock.reset());

const travel = (ms: number) => clock.travelTo(new Date(clock.now().getTime() + ms));
const answerTo = async (token: string) => {
  const { status, body } = await new Client(server.app, token).get('/me');
  return status === 401 ? `401 ${body.code}` : String(status);
};
/** How a token is asked for. */
const asked = async (authorization?: string) => {
  const { status, headers } = await server.anybody.get('/me', authorization ? { authorization } : {});
  return [status, headers['www-authenticate']];
};
const claimsOf = (token: string) => jwt.decode(token) as unknown as AccessClaims;
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = (more: object = {}) => ({ alg: 'HS256' as const, typ: 'at+jwt', kid: keyId(secret), ...more });
/** A token of this person under the server's own secret, with one thing changed; undefined leaves it out. */
const signed = (claims: object = {}, more: object = {}) =>
  jwt.sign(JSON.stringify({ ...claimsOf(person.token!), ...claims }), secret, { algorithm: 'HS256', header: header(more) });

describe('an access token', () => {
  it('is accepted as this server makes it', async () => {
    expect(await answerTo(signed())).toBe('200');
    expect(claimsOf(person.token!)).toEqual({
      iss: 'ncy8',
      aud: 'ncy8-api',
      sub: person.id,
      cid: company.id,
      sid: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
  });

  it('stops with its time', async () => {
    expect((await person.get('/me')).status).toBe(200);
    travel(10 * MINUTE + 1000);
    for (let time = 0; time < 2; time++) {
      const expired = await person.get('/me');
      expect([expired.status, expired.body.code, expired.body.detail]).toEqual([401, 'not_signed_in', 'The access token has expired']);
    }
  });

  it('needs the scheme Bearer, in any case', async () => {
    expect((await server.anybody.get('/me', { authorization: `Basic ${person.token}` })).status).toBe(401);
    expect((await server.anybody.get('/me', { authorization: `bearer ${person.token}` })).status).toBe(200);
  });

  it('is asked for with every 401, which tells a missing one from one that is no good', async () => {
    const noGood = [401, 'Bearer error="invalid_token"'];
    expect([await asked(), await asked('Basic eDp5')]).toEqual([
      [401, 'Bearer'],
      [401, 'Bearer'],
    ]);
    expect([await asked('Bearer x.y.z'), await asked(`bearer ${'ncy8_' + 'x'.repeat(73)}`)]).toEqual([noGood, noGood]);
    travel(10 * MINUTE + 1000);
    expect(await asked(`Bearer ${person.token}`)).toEqual(noGood);
    const wrong = await person.post('/auth/login', { email: person.email, password: 'not the right one' });
    expect([wrong.status, wrong.headers['www-authenticate']]).toEqual([401, 'Bearer']);
  });

  it('must be signed by this server with HS256, whatever it says itself', async () => {
    const [head, payload, signature] = person.token!.split('.');
    const claims = claimsOf(person.token!);
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' });
    const forged = {
      'alg none': `${encode(header({ alg: 'none' }))}.${payload}.`,
      'alg None': `${encode(header({ alg: 'None' }))}.${payload}.${signature}`,
      'no signature': `${head}.${payload}.`,
      'two parts': `${head}.${payload}`,
      'other claims under the signature': `${head}.${encode({ ...claims, sub: company.admin.id })}.${signature}`,
      HS384: jwt.sign(claims, secret, { algorithm: 'HS384', header: header({ alg: 'HS384' }) }),
      HS512: jwt.sign(claims, secret, { algorithm: 'HS512', header: header({ alg: 'HS512' }) }),
      RS256: jwt.sign(claims, privateKey, { algorithm: 'RS256', header: header({ alg: 'RS256' }) }),
      'a key of its own': jwt.sign(claims, privateKey, {
        algorithm: 'RS256',
        header: header({ alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }), jku: 'https://example.com/keys' }),
      }),
      'a public key as the secret': jwt.sign(claims, String(publicPem), { algorithm: 'HS256', header: header() }),
      'another secret': jwt.sign(claims, 'another secret of 32 bytes and more than that', { algorithm: 'HS256', header: header() }),
      'an unknown key id': signed({}, { kid: 'AAAAAAAA' }),
      'no key id': signed({}, { kid: undefined }),
      nonsense: 'x.y.z',
      nothing: '',
    };
    for (const [name, token] of Object.entries(forged)) expect([name, await answerTo(token)]).toEqual([name, '401 not_signed_in']);
  });

  it('must be an access token: another type, issuer or audience under the same secret is not', async () => {
    const others = {
      'typ JWT': signed({}, { typ: 'JWT' }),
      'no typ': signed({}, { typ: undefined }),
      'typ of another kind': signed({}, { typ: 'logout+jwt' }),
      iss: signed({ iss: 'ncy9' }),
      aud: signed({ aud: 'ncy9-api' }),
    };
    for (const [name, token] of Object.entries(others)) expect([name, await answerTo(token)]).toEqual([name, '401 not_signed_in']);
  });

  it('must have every claim, in its form', async () => {
    for (const claim of ['iss', 'aud', 'sub', 'cid', 'sid', 'iat', 'exp'])
      expect([claim, await answerTo(signed({ [claim]: undefined }))]).toEqual([claim, '401 not_signed_in']);
    for (const claim of ['sub', 'cid', 'sid'])
      for (const value of ['x', '', `${randomUUID()}'`])
        expect([claim, value, await answerTo(signed({ [claim]: value }))]).toEqual([claim, value, '401 not_signed_in']);
  });

  it('must name a user, a company and a session that belong together', async () => {
    const other = await company.person();
    const foreign = await server.company();
    const tokens = server.app.get(Tokens);
    const right = { userId: person.id, companyId: company.id, sessionId: claimsOf(person.token!).sid };
    const mixed = [
      { userId: other.id },
      { userId: foreign.admin.id },
      { userId: randomUUID() },
      { companyId: foreign.id },
      { companyId: randomUUID() },
      { sessionId: claimsOf(other.token!).sid },
      { sessionId: claimsOf(foreign.admin.token!).sid },
      { sessionId: randomUUID() },
    ];
    expect(await answerTo(tokens.access(right))).toBe('200');
    for (const claims of mixed)
      expect([claims, await answerTo(tokens.access({ ...right, ...claims }))]).toEqual([claims, '401 not_signed_in']);
  });
});

const ending = (inMinutes: number) => ({ exp: Math.floor(clock.now().getTime() / 1000) + inMinutes * 60 }) as AccessClaims;

describe('proven tokens', () => {
  it('are known until they expire, and not kept beyond', () => {
    const tokens = new ProvenTokens();
    tokens.keep('short', ending(1));
    tokens.keep('long', ending(10));
    expect([tokens.get('short'), tokens.get('unknown')]).toEqual([expect.anything(), undefined]);
    travel(3 * MINUTE);
    expect([tokens.get('long'), tokens.size]).toEqual([expect.anything(), 1]); // nobody asked for the short one again
    travel(10 * MINUTE);
    expect([tokens.get('long'), tokens.size]).toEqual([undefined, 0]);
  });

  it('are bounded: the one proven first goes', () => {
    const tokens = new ProvenTokens(3);
    for (const token of ['a', 'b', 'c', 'd']) tokens.keep(token, ending(10));
    expect(['a', 'b', 'c', 'd'].map((token) => tokens.get(token) !== undefined)).toEqual([false, true, true, true]);
    expect(tokens.size).toBe(3);
  });
});
