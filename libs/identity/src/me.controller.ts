import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AlwaysWhole, Id, IfMatch, one, Part, Text, Texts, TimeZone, UnitOfWork } from '#core';
import type { ExpectedVersion } from '#core';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { UserChanges } from './user-changes.js';
import { UpdateProfile, UserView } from './user.dto.js';
import { UserRepository } from './user.repository.js';

class CompanyReference {
  @Id() id!: string;
  @Text(255, { example: 'Analytical Engines' }) name!: string;
  @TimeZone() timezone!: string;
}

class MeView extends UserView {
  @Texts(100, { example: ['read_report'] }) permissions!: string[];
  @Part(() => CompanyReference) company!: CompanyReference;
}

/** The signed-in user. */
@ApiTags('People')
@Controller('me')
export class MeController {
  constructor(
    private readonly users: UserRepository,
    private readonly changes: UserChanges,
    private readonly work: UnitOfWork,
  ) {}

  @Get()
  @AlwaysWhole() // role, permissions and company have versions of their own
  @Own({ whileChangingPassword: true })
  @ApiOperation({ summary: 'Who I am and what I may do' })
  @ApiOkResponse({ type: MeView })
  async read(@Caller() caller: Principal): Promise<MeView> {
    const user = await this.users.get(caller.userId);
    const company = one(
      await this.work.query<CompanyReference>('SELECT id, name, timezone FROM companies WHERE id = $1 AND "deletedAt" IS NULL'),
    );
    return { ...user, permissions: [...caller.permissions].toSorted(), company };
  }

  @Patch()
  @Own({ whileChangingPassword: true })
  @ApiOperation({ summary: 'Change my name or phone number' })
  @ApiOkResponse({ type: MeView })
  async change(@Caller() caller: Principal, @Body() body: UpdateProfile, @IfMatch() expected: ExpectedVersion): Promise<MeView> {
    await this.changes.change(caller, caller.userId, body, expected);
    return this.read(caller);
  }
}
