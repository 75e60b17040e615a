import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { clock, Config, deriveKeys } from '#core';
import { pack, unpack } from '../packed-uuid.js';

export const ISSUER = 'ncy8';
export const AUDIENCE = 'ncy8-api';
/** RFC 9068: a token that is signed with the same secret for another purpose must not pass for an access token. */
const TYPE = 'at+jwt';

/** `sub` the user, `cid` the company, `sid` the session; instants in seconds. */
export interface AccessClaims {
  iss: string;
  aud: string;
  sub: string;
  cid: string;
  sid: string;
  iat: number;
  exp: number;
}

/** What a refresh token says, once its MAC has proven it genuine in form. */
export interface RefreshClaims {
  companyId: string;
  sessionId: string;
  generation: number;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A short name of a secret that tells nothing about it, so that a token says which one signed it. */
export const keyId = (secret: string): string => createHash('sha256').update(`kid ${secret}`).digest('base64url').slice(0, 8);

const FORM = /^ncy8r1\.([\w-]{8})\.([\w-]{22})\.([\w-]{22})\.(\d{1,9})\.([\w-]{43})$/;

/** Makes and reads the tokens of a session. */
@Injectable()
export class Tokens {
  private readonly secrets: string[];
  private readonly refreshKeys: Map<string, KeyObject>;

  constructor(private readonly config: Config) {
    this.secrets = config.jwtSecrets;
    const keys = deriveKeys(this.secrets, 'refresh');
    this.refreshKeys = new Map(this.secrets.map((secret, index) => [keyId(secret), keys[index]!]));
  }

  access({ userId, companyId, sessionId }: { userId: string; companyId: string; sessionId: string }): string {
    const issuedAt = Math.floor(clock.now().getTime() / 1000);
    const claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: userId,
      cid: companyId,
      sid: sessionId,
      iat: issuedAt,
      exp: issuedAt + this.config.accessTokenTtl,
    };
    return jwt.sign(claims, this.secrets[0]!, {
      algorithm: 'HS256',
      header: { alg: 'HS256', typ: TYPE, kid: keyId(this.secrets[0]!) },
    });
  }

  /** The secret of an access token's `kid`; undefined when this server never had it, or when it is a token of another type. */
  secretOf(token: string): string | undefined {
    const header = jwt.decode(token, { complete: true })?.header;
    return header?.typ === TYPE ? this.secrets.find((secret) => keyId(secret) === header.kid) : undefined;
  }

  newNonce(): string {
    return randomBytes(32).toString('base64url');
  }

  /**
   * Version, key id, company, session, generation, and a MAC over them and 256 random bits that only the session's row knows.
   * The successor is recomputed from the row, so that two who rotate at once get the same one; neither key nor database alone forges one.
   */
  refresh({ companyId, sessionId, generation }: RefreshClaims, nonce: string, kid = keyId(this.secrets[0]!)): string {
    const mac = createHmac('sha256', this.refreshKeys.get(kid)!)
      .update([companyId, sessionId, generation, nonce].join('\0'))
      .digest('base64url');
    return `ncy8r1.${kid}.${pack(companyId)}.${pack(sessionId)}.${generation}.${mac}`;
  }

  /** What a token of the right form claims; nothing of it is proven until {@link isGenuine}. */
  readRefresh(token: string): RefreshClaims | undefined {
    const [, kid, company, session, generation] = FORM.exec(token) ?? [];
    if (!kid || !company || !session || !this.refreshKeys.has(kid)) return undefined;
    return { companyId: unpack(company), sessionId: unpack(session), generation: Number(generation) };
  }

  /** Whether this server made the token for the session with this nonce, in whatever generation. */
  isGenuine(token: string, claims: RefreshClaims, nonce: string): boolean {
    const expected = Buffer.from(this.refresh(claims, nonce, token.split('.')[1]));
    const given = Buffer.from(token);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }
}
