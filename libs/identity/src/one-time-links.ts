import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { clock, Mail, Problem, UnitOfWork } from '#core';
import { OneTimeToken } from './one-time-token.entity.js';
import { bytesOf, uuidOf } from './packed-uuid.js';
import { sha256 } from './sign-in/tokens.js';
import type { UserStatusCode } from './users/user.dto.js';

type Purpose = OneTimeToken['purpose'];

const HOUR = 3_600_000;
const LIFETIME: Record<Purpose, number> = { invitation: 7 * 24 * HOUR, password_reset: HOUR };

/** A link that would work now, and whose it is. */
export interface OpenLink {
  id: string;
  companyId: string;
  userId: string;
  email: string;
  firstName: string;
  lastName: string;
  /** Of the present password, where it must be changed; null where it may stay. */
  outgoingHash: string | null;
}

// Open: not used, not ended, not expired, and its user is in the state that the link is for.
const READ = `
  SELECT k.id, k."companyId", k."userId", u.email, u."firstName", u."lastName",
    CASE WHEN u."mustChangePasswordAtNextLogin" THEN u."passwordHash" END AS "outgoingHash"
  FROM one_time_tokens k
  JOIN users u ON u."companyId" = $1 AND u.id = k."userId" AND u."deletedAt" IS NULL
  JOIN user_statuses t ON t.id = u."statusId" AND CASE WHEN $4 = 'invitation' THEN t.code = '${'INVITED' satisfies UserStatusCode}' ELSE t."canLogin" END
  JOIN companies c ON c.id = u."companyId" AND c."deletedAt" IS NULL
  WHERE k."companyId" = $1 AND k.id = $2 AND k."tokenHash" = $3 AND k.purpose = $4 AND k."usedAt" IS NULL AND k."deletedAt" IS NULL
    AND k."expiresAt" > $5`;

/**
 * Links that come by mail and work once. Their token is the company, the id and 256 random bits in one; the database has its SHA-256 only,
 * the queued mail has it encrypted.
 */
@Injectable()
export class OneTimeLinks {
  constructor(
    private readonly work: UnitOfWork,
    private readonly mail: Mail,
  ) {}

  /** Sends a user of the present company a link; the ones before, for the same purpose, end. */
  async send(userId: string, purpose: Purpose): Promise<void> {
    await this.lock(userId);
    await this.end(userId, purpose);
    const id = randomUUID();
    const token = pack(this.work.tenant.companyId, id);
    const expiresAt = new Date(this.work.now.getTime() + LIFETIME[purpose]);
    await this.work.insert(OneTimeToken, { id, userId, purpose, tokenHash: sha256(token), expiresAt });
    await this.mail.queue({ to: userId, template: purpose, token, expiresAt });
  }

  /** Ends every open link of a user, and takes back the mails that have not left yet. */
  async revokeAll(userId: string): Promise<void> {
    await this.lock(userId);
    await this.end(userId, 'invitation');
    await this.end(userId, 'password_reset');
  }

  /** Whose link this is; in a transaction of its own. @throws 401 `invalid_token` unless it would work now */
  async find(token: string, purpose: Purpose): Promise<OpenLink> {
    const { companyId, id } = unpack(token) ?? refuse();
    const values = [id, sha256(token), purpose, clock.now()];
    const [link] = await this.work.within({ companyId, userId: null }, () => this.work.last<OpenLink>(READ, values));
    return link ?? refuse();
  }

  /** Spends a link, inside its company; of many at once one gets through. @throws 401 `invalid_token` */
  async spend({ id, userId }: OpenLink): Promise<void> {
    await this.lock(userId); // in the order of all who end links: first the user
    const spent = await this.work.execute(
      `UPDATE one_time_tokens SET "usedAt" = $3, "updatedAt" = $3, version = version + 1
       WHERE "companyId" = $1 AND id = $2 AND "usedAt" IS NULL AND "deletedAt" IS NULL AND "expiresAt" > $3`,
      [id, this.work.now],
    );
    if (spent === 0) refuse();
  }

  /** Without it two new links at once would not see, and so not end, each other. */
  private async lock(userId: string): Promise<void> {
    await this.work.execute('SELECT id FROM users WHERE "companyId" = $1 AND id = $2 FOR UPDATE', [userId]);
  }

  private async end(userId: string, purpose: Purpose): Promise<void> {
    await this.work.execute(
      `UPDATE one_time_tokens SET "deletedAt" = $4, "updatedAt" = $4, version = version + 1
       WHERE "companyId" = $1 AND "userId" = $2 AND purpose = $3 AND "usedAt" IS NULL AND "deletedAt" IS NULL`,
      [userId, purpose, this.work.now],
    );
    await this.mail.withdraw(userId, [purpose]);
  }
}

function refuse(): never {
  throw new Problem('invalid_token', { detail: 'The link was used, has expired or was replaced by a newer one' });
}

const pack = (companyId: string, id: string): string =>
  Buffer.concat([bytesOf(companyId), bytesOf(id), randomBytes(32)]).toString('base64url');

function unpack(token: string): { companyId: string; id: string } | undefined {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== 64 || bytes.toString('base64url') !== token) return undefined;
  return { companyId: uuidOf(bytes.subarray(0, 16)), id: uuidOf(bytes.subarray(16, 32)) };
}
