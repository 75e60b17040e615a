import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { clock, UnitOfWork } from '#core';
import { KnownRoles } from '#rbac';
import type { PermissionName, Principal } from '#rbac';
import { pack, unpack } from '../packed-uuid.js';
import { sha256 } from '../sign-in/tokens.js';

const FORM = /^ncy8_([\w-]{22})([\w-]{43})([\da-f]{8})$/;

/** How exactly `lastUsedAt` tells. */
const USED_STEP_MS = 60_000;

interface Row {
  id: string;
  lastUsedAt: string | null;
  userId: string;
  scope: string[] | null;
  mustChangePassword: boolean;
  roleId: string;
  roleVersion: number;
}

/** A key that was found, and all that its owner may do. */
type Found = Row & { held: ReadonlySet<PermissionName> };

const READ = `
  SELECT k.id, k."lastUsedAt", u.id AS "userId", k.permissions AS scope, u."mustChangePasswordAtNextLogin" AS "mustChangePassword",
         r.id AS "roleId", r.version AS "roleVersion"
  FROM api_keys k
  JOIN users u ON u."companyId" = $1 AND u.id = k."userId" AND u."deletedAt" IS NULL
  JOIN user_statuses t ON t.id = u."statusId" AND t."canLogin"
  JOIN companies c ON c.id = u."companyId" AND c."deletedAt" IS NULL
  JOIN roles r ON r."companyId" = $1 AND r.id = u."roleId"
  WHERE k."companyId" = $1 AND k."keyHash" = $2 AND k."deletedAt" IS NULL AND (k."expiresAt" IS NULL OR k."expiresAt" > $3)`;

/** Of many uses at once one is noted, and nobody waits for the row. */
const NOTE_USE = `
  UPDATE api_keys SET "lastUsedAt" = $3 WHERE "companyId" = $1 AND id IN (
    SELECT id FROM api_keys WHERE "companyId" = $1 AND id = $2 AND ("lastUsedAt" IS NULL OR "lastUsedAt" <= $4) FOR UPDATE SKIP LOCKED)`;

/** Keys for programs: `ncy8_`, the company, 256 random bits, a checksum that tells a mistyped key from a wrong one. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly work: UnitOfWork,
    private readonly roles: KnownRoles,
  ) {}

  static looksLike(token: string): boolean {
    return token.startsWith('ncy8_');
  }

  /** A new key of a company, to be shown once. */
  static make(companyId: string): string {
    const body = pack(companyId) + randomBytes(32).toString('base64url');
    return `ncy8_${body}${checksum(body)}`;
  }

  /** Who a key stands for: its owner, with at most the owner's present permissions. */
  async principal(key: string): Promise<Principal | undefined> {
    const [, company, random, sum] = FORM.exec(key) ?? [];
    if (!company || !random || checksum(company + random) !== sum) return undefined;
    return this.find(unpack(company), key);
  }

  private async find(companyId: string, key: string): Promise<Principal | undefined> {
    // The owner is known only once the key is found: a transaction of its own, then the request enters as the owner.
    const row = await this.work.within({ companyId, userId: null }, () => this.look(key));
    if (!row) return undefined;
    this.work.enter({ companyId, userId: row.userId, apiKeyId: row.id });
    const { userId, scope, held, mustChangePassword } = row;
    const permissions = scope ? new Set([...held].filter((name) => scope.includes(name))) : held;
    return { companyId, userId, sessionId: null, permissions, mustChangePassword, ownOnly: scope?.length === 0 };
  }

  private async look(key: string): Promise<Found | undefined> {
    const now = clock.now();
    const [row] = await this.work.query<Row>(READ, [sha256(key), now]);
    const noteFrom = new Date(now.getTime() - USED_STEP_MS);
    if (row && (row.lastUsedAt === null || Date.parse(row.lastUsedAt) <= noteFrom.getTime()))
      await this.work.execute(NOTE_USE, [row.id, now, noteFrom]);
    return row && { ...row, held: await this.roles.permissions(row.roleId, row.roleVersion) };
  }
}

const checksum = (body: string): string => crc32(body).toString(16).padStart(8, '0');
