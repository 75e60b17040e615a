import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ActionCode } from './action-code.entity.js';
import { EntriesController } from './entries.controller.js';
import { EntriesService } from './entries.service.js';
import { Entry } from './entry.entity.js';
import { JwtStrategy } from './jwt.strategy.js';
import { User } from './user.entity.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'postgres', url: process.env.PEER_DATABASE!, entities: [ActionCode, Entry, User], poolSize: 10 }),
    TypeOrmModule.forFeature([Entry, User]),
    PassportModule,
  ],
  controllers: [EntriesController],
  providers: [EntriesService, JwtStrategy],
})
export class AppModule {}
