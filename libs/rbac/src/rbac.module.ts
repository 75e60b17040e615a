import { Global, Module } from '@nestjs/common';
import { AccessChanges } from './access-changes.js';
import { AccessGuard } from './access.js';
import { Escalation } from './escalation.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimit } from './rate-limit.js';
import { RoleController } from './role.controller.js';
import { KnownRoles } from './known-roles.js';
import { RoleRepository } from './role.repository.js';
import { RoleService } from './role.service.js';
import { SystemRoles } from './system-roles.js';

/** Global: every library to the right declares who may call its routes. */
@Global()
@Module({
  controllers: [RoleController],
  providers: [SystemRoles, AccessGuard, RateLimit, RateLimitGuard, AccessChanges, Escalation, KnownRoles, RoleRepository, RoleService],
  exports: [SystemRoles, AccessGuard, RateLimit, RateLimitGuard, AccessChanges, Escalation, KnownRoles, RoleRepository],
})
export class RbacModule {}
