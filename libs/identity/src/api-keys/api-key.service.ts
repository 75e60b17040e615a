import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Audit, changes, expectVersion, Problem, UnitOfWork } from '#core';
import type { ExpectedVersion } from '#core';
import { Escalation } from '#rbac';
import type { Principal } from '#rbac';
import { sha256 } from '../sign-in/tokens.js';
import { UserRepository } from '../users/user.repository.js';
import type { CreateApiKey, NewApiKeyView } from './api-key.dto.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { ApiKeys } from './api-keys.js';

@Injectable()
export class ApiKeyService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly keys: ApiKeyRepository,
    private readonly users: UserRepository,
    private readonly escalation: Escalation,
    private readonly audit: Audit,
  ) {}

  /** A key of the caller's own. @throws 403 `privilege_escalation` for a permission that the caller does not hold */
  async create(caller: Principal, { name, permissions = null, expiresAt = null }: CreateApiKey): Promise<NewApiKeyView> {
    const { companyId, userId } = caller;
    const target = { targetType: 'ApiKey', userId } as const;
    await this.escalation.refuseBeyond(caller, permissions ?? [], target);
    // Under the user's lock: who is suspended or deleted at this moment loses all keys, this one too.
    if ((await this.users.lock(userId)).status !== 'ACTIVE') throw new Problem('not_signed_in');
    const id = randomUUID();
    const key = ApiKeys.make(companyId);
    await this.work.insert(ApiKey, { id, userId, name, keyHash: sha256(key), permissions, expiresAt });
    const after = changes({}, { name, permissions, expiresAt }, ['name'])?.after;
    await this.audit.record({ ...target, action: 'api_key_created', targetId: id, after });
    return { ...(await this.keys.get(id)), key };
  }

  /** Ends a key, of whomever. @throws 404, 412 */
  async revoke(id: string, expected: ExpectedVersion): Promise<void> {
    const key = await this.keys.lock(id);
    expectVersion(key, expected);
    await this.work.delete(ApiKey, { id });
    const { userId, permissions, expiresAt } = key;
    await this.audit.record({ action: 'api_key_revoked', targetType: 'ApiKey', targetId: id, userId, before: { permissions, expiresAt } });
  }
}
