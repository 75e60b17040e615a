import { Injectable, UnauthorizedException } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { InjectRepository } from '@nestjs/typeorm';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { Repository } from 'typeorm';
import { User } from './user.entity.js';

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {
    super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: process.env.PEER_SECRET! });
  }

  async validate({ sub, cid }: { sub: string; cid: string }): Promise<User> {
    const user = await this.users.findOneBy({ companyId: cid, id: sub });
    if (!user) throw new UnauthorizedException();
    return user;
  }
}
