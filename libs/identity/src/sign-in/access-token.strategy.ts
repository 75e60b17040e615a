import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { isId } from '#core';
import { AUDIENCE, ISSUER, Tokens } from './tokens.js';
import type { AccessClaims } from './tokens.js';

/** Proves an access token: pinned algorithm and type, our issuer and audience, not expired, every claim there. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'access-token') {
  constructor(tokens: Tokens) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      ignoreExpiration: true, // the guard looks at it on every request, by the project's clock
      secretOrKeyProvider: (_request: unknown, token: string, done: (error: Error | null, secret?: string) => void) => {
        const secret = tokens.secretOf(token);
        done(secret ? null : new Error('unknown key or type'), secret);
      },
    });
  }

  validate(claims: Partial<AccessClaims>): AccessClaims | false {
    const { sub, cid, sid, iat, exp } = claims;
    return isId(sub) && isId(cid) && isId(sid) && Number.isInteger(iat) && Number.isInteger(exp) ? (claims as AccessClaims) : false;
  }
}
