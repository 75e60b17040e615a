import { randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { clock } from '../clock.js';
import { Config } from '../config.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { PersonErased } from '../hooks.js';
import { deriveKeys } from '../keys.js';
import { removeMailFiles } from './mail-files.js';
import { seal } from './mail-seal.js';
import type { Secrets } from './mail-seal.js';
import { MailSender } from './mail-sender.js';
import type { MailTemplate } from './mail-templates.js';
import { MailTransport } from './mail-transport.js';

export interface MailOrder extends Secrets {
  /** Id of a user of the present company. */
  to: string;
  template: MailTemplate;
  /** From when on it is not worth sending. */
  expiresAt: Date;
}

/**
 * Mails, queued in the transaction of what they tell: rolled back, there is none. Sent at least once, a repeat under the same Message-ID.
 * The queue knows ids and, encrypted, what the mail alone needs.
 */
@Injectable()
export class Mail implements OnModuleInit {
  private readonly keys: KeyObject[];

  constructor(
    private readonly config: Config,
    private readonly work: UnitOfWork,
    private readonly sender: MailSender,
    private readonly transport: MailTransport,
    private readonly personErased: PersonErased,
  ) {
    this.keys = deriveKeys(config.jwtSecrets, 'mail');
  }

  onModuleInit(): void {
    this.personErased.register((userId) => this.forget(userId));
  }

  async queue({ to, template, expiresAt, token, address }: MailOrder): Promise<void> {
    const [id, now] = [randomUUID(), clock.now()];
    await this.work.execute(
      `INSERT INTO queued_mails ("companyId", id, "userId", template, sealed, "dueAt", "expiresAt", "createdAt")
       VALUES ($1, $2, $3, $4, $5, $6, $7, $6)`,
      [id, to, template, token || address ? seal({ token, address }, id, this.keys) : null, now, expiresAt],
    );
    const { companyId } = this.work.tenant;
    await this.work.afterCommit(() => this.sender.wake(companyId));
  }

  /** Takes back what has not left yet. @param templates all without it */
  async withdraw(userId: string, templates?: MailTemplate[]): Promise<void> {
    await this.work.execute(
      'DELETE FROM queued_mails WHERE "companyId" = $1 AND "userId" = $2 AND ($3::text[] IS NULL OR template = ANY ($3))',
      [userId, templates ?? null],
    );
  }

  /** Erases what mails hold of a person: the queued ones, and once that is committed those written to files. */
  async forget(userId: string): Promise<void> {
    await this.withdraw(userId);
    await this.eraseFiles([userId]);
  }

  /** Once this is committed, the mails to these people that were written to files go too. */
  async eraseFiles(userIds: string[]): Promise<void> {
    await this.work.afterCommit(async () => {
      if (this.transport.writesFiles) await this.sender.idle(); // one may just be written
      await removeMailFiles(this.config, new Set(userIds));
    });
  }
}
